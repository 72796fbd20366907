#!/bin/sh
# Next.js 15.5.29, the framework of many shops that send customers to a billing portal: in a route handler `request.url`
# names `localhost`, not the host that was asked for, and not even the address that the server listens at. One would guess the Host header's,
# as the standard Request of other runtimes has it, and build the portal session's `return_url` from it.
#
# Seen: `next start --hostname 127.0.0.1`, asked with `Host: shop.example`, has localhost in request.url, while
# request.headers.get("host") is shop.example. Behind a proxy every customer would be led back to their own machine.
set -eu
folder=$(mktemp -d)
server=""
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
export NEXT_TELEMETRY_DISABLED=1
cat > package.json <<'JSON'
{"name": "seen", "private": true, "type": "module",
 "dependencies": {"next": "15.5.29", "react": "19.3.1", "react-dom": "19.3.1"}}
JSON
npm install --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null
mkdir -p app/where
cat > app/layout.js <<'JS'
export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
JS
cat > app/where/route.js <<'JS'
export const dynamic = "force-dynamic";
export function GET(request) {
  return new Response(`${new URL(request.url).hostname} ${request.headers.get("host")}`);
}
JS
node node_modules/next/dist/bin/next build >/dev/null
port=$(node -e 'const s=require("net").createServer().listen(0,"127.0.0.1",()=>{console.log(s.address().port);s.close()})')
node node_modules/next/dist/bin/next start --hostname 127.0.0.1 --port "$port" >/dev/null &
server=$!
ask() { node -e '
  require("http").get({host: "127.0.0.1", port: process.argv[1], path: "/where", headers: {Host: "shop.example"}}, (answer) => {
    answer.on("data", (words) => process.stdout.write(words));
  }).on("error", () => process.exit(1));' "$port"; }
seen=""
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    seen=$(ask || true)
    [ -z "$seen" ] || break
    sleep 0.5
done
echo "request.url's host and the Host header: $seen"
case $seen in
    "localhost shop.example") ;;
    *) echo "It is another now."; exit 1 ;;
esac
