"""What the portal asks of a payment provider, and what it answers: plain values, so that a provider knows no rows.

A provider is asked outside any transaction, and may be asked the same thing twice: by a worker that died before it
noted the answer, or by two at once. So each question has an id, and the same id is charged once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

#: `disputed`: the money came and was taken back later; `reinstated`: it came back after all, as the dispute was won.
#: The others are the wire's statuses of payment intents.
ChargeStatus = Literal[
    "disputed", "processing", "reinstated", "requires_action", "requires_payment_method", "succeeded"
]


class RefusedNotice(Exception):
    """A webhook that the provider has not signed, or too long ago."""


class RefusedMethod(Exception):
    """What a customer or a program has given is nothing that can be kept; the message doesn't repeat it."""


@dataclass(frozen=True)
class Abilities:
    """What a provider can do: the types of payment methods that it keeps, whether it moves real money, and refunds."""

    types: frozenset[str]
    livemode: bool
    refunds: bool = False
    #: Whether an account has to give it a key first.
    needs_access: bool = False


@dataclass(frozen=True)
class Access:
    """What an account has given the portal to speak to its provider: a secret key, and what signs its webhooks."""

    key: str = field(repr=False)
    signing_secret: str = field(repr=False)


@dataclass(frozen=True)
class GivenMethod:
    """What is to be kept as a payment method: the provider's word for it, and until when it is valid, where asked."""

    token: str
    exp_month: int | None = None
    exp_year: int | None = None


@dataclass(frozen=True)
class KeptMethod:
    """A payment method at a provider: its name there, its type, and the wire's hash of that type. Never a number.

    `holder` is who was named on the provider's own page.
    """

    provider: str
    ref: str
    type: str
    details: Mapping[str, Any]
    holder: str | None = None


@dataclass(frozen=True)
class DisputeReply:
    """What the merchant answers to a dispute, by the provider's name of it: that it stands, or evidence against it.

    `submission` is the how many-th time evidence is handed in, from 1; 0 with none. `evidence` is what is handed in,
    empty once the provider has read it and waits for more. `of_inquiry`: what was answered had taken no money.
    """

    ref: str
    accepted: bool
    submission: int
    evidence: Mapping[str, str] = field(default_factory=dict)
    of_inquiry: bool = False


#: As on the wire; those that begin with `warning_` are of inquiries, which take no money.
DisputeStatus = Literal[
    "lost",
    "needs_response",
    "under_review",
    "warning_closed",
    "warning_needs_response",
    "warning_under_review",
    "won",
]


@dataclass(frozen=True)
class DisputeState:
    """A dispute of a charge, by the provider's name of it. `reason` and the statuses are the wire's.

    `reply` is the answer of the merchant that the provider was told when it said so, `network_reason_code` the word of
    the card's network for the reason. `is_refused`: the evidence of that answer was not taken.
    """

    ref: str
    amount: int
    reason: str
    status: DisputeStatus
    network_reason_code: str | None = None
    due_by: int | None = None
    reply: DisputeReply | None = None
    is_refused: bool = False


@dataclass(frozen=True)
class Charge:
    """A sum to be charged. `ref` is the provider's name of it, once it was told.

    Moments are those of the customer's calendar, which a test clock may hold: `asked_at` is when it was first asked
    for, `confirmed_at` when the customer confirmed it on a page of the portal. `method_ref` is empty where the customer
    gives a method on the provider's page.
    """

    id: str
    ref: str | None
    method_ref: str
    amount: int
    currency: str
    asked_at: int
    confirmed_at: int | None
    now: int
    access: Access | None = None
    #: What the merchant answers to its disputes, of which the provider may have been told.
    replies: tuple[DisputeReply, ...] = ()

    def find_reply(self, ref: str) -> DisputeReply | None:
        """What the merchant answers to the dispute of this name; None for nothing yet."""
        return next((each for each in self.replies if each.ref == ref), None)


@dataclass(frozen=True)
class Decline:
    """Why a charge was refused, by the wire's codes, and whether the same may pass on another day."""

    code: str
    message: str
    decline_code: str | None = None
    may_pass_later: bool = False


@dataclass(frozen=True)
class ChargeResult:
    """What has become of a charge. `ask_again_in` seconds it is to be asked for again; None: that is all.

    `given` is the method that the customer has given on the provider's page, `disputes` all that there are of the
    charge.
    """

    status: ChargeStatus
    ref: str
    decline: Decline | None = None
    ask_again_in: int | None = None
    given: KeptMethod | None = None
    disputes: tuple[DisputeState, ...] = ()


@dataclass(frozen=True)
class Repayment:
    """A part of a charge to be paid back. `charge_ref` and `method_ref` are the provider's names of what was charged.

    `ref` is the provider's name of the refund, once it was told; `asked_at` is when it was first asked for.
    """

    id: str
    ref: str | None
    charge_ref: str
    method_ref: str
    amount: int
    currency: str
    asked_at: int
    now: int
    access: Access | None = None


#: As on the wire, of which `pending` is asked for again.
RefundStatus = Literal["failed", "pending", "succeeded"]


@dataclass(frozen=True)
class RefundResult:
    """What has become of a refund; `failure_reason` is the wire's. `ask_again_in` as of `ChargeResult`."""

    status: RefundStatus
    ref: str
    failure_reason: str | None = None
    ask_again_in: int | None = None


@dataclass(frozen=True)
class HostedPage:
    """A page of the provider that a customer is sent to, and the provider's name of it."""

    url: str
    ref: str


@dataclass(frozen=True)
class SetUp:
    """What a customer has given on such a page, and what it is for by our own id: a customer or a checkout session."""

    purpose: str
    kept: KeptMethod


@dataclass(frozen=True)
class PageOrder:
    """What a page of the provider is about, and where it leads.

    `words` are what the customer reads, `email` is filled in where the page asks for it. With `keeps`, what is given
    there can be charged later, without the customer.
    """

    return_url: str
    cancel_url: str
    words: str = ""
    email: str | None = None
    keeps: bool = False


@dataclass(frozen=True)
class Notice:
    """What a webhook says that there is to ask for: by our id of it, or (`charge_ref`, `set_up`) the provider's."""

    kind: Literal["charge", "charge_ref", "refund", "set_up"]
    id: str


class Provider(Protocol):
    """Whoever charges. No method knows the database; what talks to a network gives up within 30 seconds."""

    name: str
    abilities: Abilities

    def set_up(self, given: GivenMethod, *, now: int) -> KeptMethod:
        """Keep what a customer can be charged by. Raises `RefusedMethod`."""

    def collect(self, charge: Charge) -> ChargeResult:
        """Charge; asked again with the same id, say what has become of it. Raises whatever a network does."""

    def refund(self, repayment: Repayment) -> RefundResult:
        """Pay back; asked again with the same id, say what has become of it. Raises whatever a network does."""


class HostedProvider(Provider, Protocol):
    """A provider with pages of its own, and webhooks. What begins or finishes talks to a network, as `collect` does."""

    def begin_set_up(self, access: Access, purpose: str, order: PageOrder) -> HostedPage:
        """A page on which a customer gives a method for `purpose`; `{ref}` in `return_url` becomes the page's name."""

    def finish_set_up(self, access: Access, ref: str) -> SetUp | None:
        """What was given on such a page; None where nothing was (yet)."""

    def begin_payment(self, charge: Charge, order: PageOrder) -> HostedPage:
        """A page on which a customer pays a charge, by its method or by one that is given there.

        `collect` finds it by the page's name; the same charge has the same page.
        """

    def end_page(self, access: Access, ref: str) -> bool:
        """See to it that nothing is paid on such a page any more; answers whether that is sure, as it may be paid."""

    def is_page(self, ref: str) -> bool:
        """Whether a charge is known by the name of such a page: it is asked for until the page has ended."""

    def read_webhook(self, access: Access, payload: bytes, signature: str | None) -> Notice | None:
        """What there is to ask for; None where that is nothing. Raises `RefusedNotice`."""
