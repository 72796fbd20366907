import Stripe from "stripe";
import { user } from "../../lib/portal.js";

export async function POST(request) {
  let event;
  try {
    // the text as it came: the signature is of it
    event = Stripe.webhooks.constructEvent(
      await request.text(), request.headers.get("stripe-signature") ?? "", process.env.PORTAL_WEBHOOK_SECRET,
    );
  } catch {
    return new Response("not signed with the secret of this endpoint", { status: 400 });
  }
  const subscription = event.data.object;
  if (event.type.startsWith("customer.subscription.") && subscription.customer === user.customer) {
    user.plan = subscription.status;
  }
  return new Response(null, { status: 204 });
}
