// An Express app with a "Manage billing" button: customers go to the portal, and what they change comes back by webhook.
//
//     npm install express stripe
//     PORTAL_URL=… PORTAL_API_KEY=… PORTAL_WEBHOOK_SECRET=… PORTAL_CUSTOMER=cus_… SHOP_URL=… \
//         PORT=4242 node app.mjs
import express from "express";
import Stripe from "stripe";

const { hostname, port, protocol } = new URL(process.env.PORTAL_URL);
const portal = new Stripe(process.env.PORTAL_API_KEY, {
  host: hostname,
  port: port || (protocol === "https:" ? 443 : 80),
  protocol: protocol.slice(0, -1),
});
// Your own table of users: here one, who is signed in, with the id that the portal gave it.
const user = { customer: process.env.PORTAL_CUSTOMER, plan: "none" };
const app = express();

app.get("/", (_request, response) => {
  response.send(`<p>Plan: ${user.plan}</p><form method="post" action="/billing"><button>Manage billing</button></form>`);
});

app.post("/billing", async (_request, response) => {
  const session = await portal.billingPortal.sessions.create({
    customer: user.customer,
    return_url: process.env.SHOP_URL,
  });
  response.redirect(303, session.url); // at once: the link opens one visit, within five minutes
});

// the signature is of the body as it came, so nothing may parse it before
app.post("/webhooks", express.raw({ type: "application/json" }), (request, response) => {
  let event;
  try {
    event = Stripe.webhooks.constructEvent(
      request.body, request.get("stripe-signature") ?? "", process.env.PORTAL_WEBHOOK_SECRET,
    );
  } catch {
    return response.status(400).send("not signed with the secret of this endpoint");
  }
  const subscription = event.data.object;
  if (event.type.startsWith("customer.subscription.") && subscription.customer === user.customer) {
    user.plan = subscription.status;
  }
  return response.sendStatus(204);
});

app.listen(Number(process.env.PORT ?? 4242), "127.0.0.1");
