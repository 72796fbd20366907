// return_url is a setting: request.url names localhost, whatever the browser has asked for
import { portal, user } from "../../lib/portal.js";

export async function POST() {
  const session = await portal.billingPortal.sessions.create({
    customer: user.customer,
    return_url: process.env.SHOP_URL,
  });
  return Response.redirect(session.url, 303); // at once: the link opens one visit, within five minutes
}
