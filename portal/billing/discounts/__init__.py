"""Coupons, promotion codes, and the discounts that come of redeeming them."""
