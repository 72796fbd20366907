// The client of the portal, and the table of users: here one, who is signed in, with the id that the portal gave it.
import Stripe from "stripe";

const { hostname, port, protocol } = new URL(process.env.PORTAL_URL ?? "http://127.0.0.1:8000");

export const portal = new Stripe(process.env.PORTAL_API_KEY ?? "sk_test_unset", {
  host: hostname,
  port: port || (protocol === "https:" ? 443 : 80),
  protocol: protocol.slice(0, -1),
});

// modules are loaded apart for each route, so what they share stands in one place of the process
export const user = (globalThis.user ??= { customer: process.env.PORTAL_CUSTOMER, plan: "none" });
