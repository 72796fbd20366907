"""Until when a refund can be taken back."""


def explain_final(status: str, *, reported: bool, handed_over: bool) -> str | None:
    """Why a refund can't be taken back any more; None where it can.

    One that was made elsewhere and is `reported` can be, as nobody here moves its money. `handed_over` says that a
    provider was asked, or that it stands in a file for the bank.
    """
    if status == "requires_action" or (status == "succeeded" and reported):
        return None
    if status != "pending":
        return f"it has the status {status}"
    return "it is being made" if handed_over else None
