// Sells by checkout and keeps payment methods, by the official Node client; prints what came of it. `pay` presses the button.
import Stripe from "stripe";

const portal = new URL(process.env.PORTAL_URL);
const client = new Stripe(process.env.PORTAL_KEY, {
  host: portal.hostname,
  port: portal.port,
  protocol: portal.protocol.replace(":", ""),
  telemetry: false,
});

async function press(url, fields) {
  const page = await (await fetch(url)).text();
  const amount = /name="amount"[^>]*value="(\d+)"/.exec(page)[1];
  const body = new URLSearchParams({ amount, do: "buy", ...fields });
  return fetch(url, { method: "POST", body, redirect: "manual" });
}

async function settle(url, id) {
  for (let tries = 0; tries < 100; tries += 1) {
    await fetch(url, { redirect: "manual" });
    const session = await client.checkout.sessions.retrieve(id, { expand: ["invoice", "line_items"] });
    if (session.status !== "open") return session;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error("the session was not completed in time");
}

await client.accounts.retrieve().then((account) =>
  client.accounts.update(account.id, { settings: { payments: { provider: "sandbox" } } }),
);
const customer = await client.customers.create({ name: "Jenny Rosen", email: "jenny@example.com" });
const card = await client.paymentMethods.create({ type: "card", card: { token: "tok_visa" } });
await client.paymentMethods.attach(card.id, { customer: customer.id });
const setup = await client.setupIntents.create({
  customer: customer.id,
  payment_method: card.id,
  payment_method_types: ["card"],
  confirm: true,
});
const kept = await client.customers.listPaymentMethods(customer.id);

const product = await client.products.create({ name: "Set-up" });
const price = await client.prices.create({ product: product.id, unit_amount: 4900, currency: "eur" });
const line_items = [{ price: price.id, quantity: 1 }];
const opened = await client.checkout.sessions.create({
  mode: "payment",
  customer: customer.id,
  payment_method_types: ["card"],
  line_items,
});
const pressed = await press(opened.url, { way: card.id });
const session = await settle(opened.url, opened.id);

const rate = await client.shippingRates.create({
  display_name: "Standard",
  type: "fixed_amount",
  fixed_amount: { amount: 500, currency: "eur" },
});
const asking = await client.checkout.sessions.create({
  mode: "payment",
  customer: customer.id,
  line_items,
  optional_items: [{ price: price.id, quantity: 1 }],
  shipping_address_collection: { allowed_countries: ["DE"] },
  shipping_options: [{ shipping_rate: rate.id }],
  custom_fields: [{ key: "size", label: { type: "custom", custom: "Size" }, type: "text" }],
});
const typed = {
  way: card.id,
  field_0: "XL",
  add_1: "y",
  "shipping-name": "Jenny",
  "shipping-line1": "Lindenstr. 3",
  "shipping-postal_code": "10969",
  "shipping-country": "DE",
};
await press(asking.url, { ...typed, do: "update" });
await press(asking.url, typed);
const asked = await settle(asking.url, asking.id);

const link = await client.paymentLinks.create({ line_items });
const closed = await client.paymentLinks.update(link.id, { active: false });
const dropped = await client.checkout.sessions.create({ mode: "payment", line_items });
const expired = await client.checkout.sessions.expire(dropped.id);
const refused = await client.checkout.sessions.expire(dropped.id).catch((error) => error);
const detached = await client.paymentMethods.detach(card.id);

console.log(
  JSON.stringify({
    setup: setup.status,
    kept: kept.data.map((each) => each.card.last4),
    pressed: pressed.status,
    session: [session.status, session.payment_status, session.amount_total, session.line_items.data.length],
    invoice: [session.invoice.status, session.invoice.amount_paid],
    asked: [asked.custom_fields[0].text.value, asked.amount_total, asked.shipping_cost.amount_total],
    sent: asked.collected_information.shipping_details.address.line1,
    link: closed.active,
    expired: expired.status,
    refused: refused instanceof Stripe.errors.StripeInvalidRequestError,
    detached: detached.customer,
  }),
);
