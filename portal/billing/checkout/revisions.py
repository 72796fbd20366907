"""What the customer changes of an open session on its page: how many, and the promotion code."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from portal.billing.checkout import amounts, completion, offers, shipping
from portal.billing.checkout.offers import MOST_WRONG_CODES, UnknownCode
from portal.models import CheckoutSession


def revise(
    db: Session,
    session: CheckoutSession,
    quantities: Mapping[str, int],
    code: str | None,
    shipping_rate: str | None = None,
    *,
    now: int,
) -> UnknownCode | None:
    """Set quantities by the ids of lines, and code and shipping, where not None; what it costs follows from them.

    Answers with the error of a code that there is not: the tries are counted, so they have to be kept.
    Raises `SessionOver`.
    """
    customer = completion.lock(db, session, now=now)
    session.lines = [{**line, "quantity": quantities.get(line["id"], line["quantity"])} for line in session.lines]
    shipping.choose(session, shipping_rate)
    amounts.compute(db, session, customer)
    wrong = None
    if code is not None and code.casefold() != session.settings.get("code", "").casefold():
        try:
            if session.wrong_codes >= MOST_WRONG_CODES:
                raise UnknownCode("Too many codes were tried.", param="promotion_code")
            offers.use_code(db, session, customer, code, now=now)
            session.settings = {**session.settings, "code": code}
        except UnknownCode as error:
            wrong, session.wrong_codes = error, session.wrong_codes + 1
        amounts.compute(db, session, customer)
    return wrong
