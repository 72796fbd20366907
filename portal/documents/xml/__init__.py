"""E-invoices by EN 16931: one model (`trade`), made from frozen rows (`build`), written as CII and as UBL."""
