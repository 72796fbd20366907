// A webhook receiver that leaves all checks to the official client; the tests run it as they run the samples.
import { createServer } from "node:http";
import Stripe from "stripe";

const secret = process.env.PORTAL_WEBHOOK_SECRET ?? "";
const seen = new Set();

createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const signature = request.headers["stripe-signature"] ?? "";
  let event;
  try {
    event = Stripe.webhooks.constructEvent(Buffer.concat(chunks), signature, secret);
  } catch {
    return response.writeHead(400).end();
  }
  if (!seen.has(event.id)) console.log(event.id, event.type, event.data.object.id);
  seen.add(event.id);
  return response.writeHead(204).end();
}).listen(Number(process.argv[2]), "127.0.0.1");
