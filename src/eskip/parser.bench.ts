// Parses a generated table of 800,000 routes (about 129 MB) and prints routes and megabytes per second. Run: node src/eskip/parser.bench.ts [routes]
// The bar: 1.5 s on one core.

import { parseRoutes } from "./parser.ts";

const count = Number(process.argv[2] ?? 800_000);

/** The document as bytes in shared memory, as the sources of routes hold it. */
function generate(): Uint8Array {
  const parts: string[] = [];
  for (let i = 0; i < count; i++) {
    const n = i.toString(36).padStart(7, "0");
    parts.push(
      `route_${n}: Path("/api/v1/team-${i % 997}/${n}/:id") && Host(/^app-${i % 5000}[.]example[.]org$/)\n` +
        `  -> setRequestHeader("X-Route", "r${n}") -> "http://10.${i % 250}.1.7:8080";\n`,
    );
  }
  const bytes = Buffer.from(parts.join(""));
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

const bytes = generate();
for (let round = 0; round < 3; round++) {
  let routes = 0;
  const before = performance.now();
  const error = parseRoutes(bytes, () => {
    routes++;
  });
  const seconds = (performance.now() - before) / 1000;
  if (error !== null) throw new Error(error.message);
  const megabytes = bytes.length / 1e6;
  process.stdout.write(
    `${routes} routes, ${megabytes.toFixed(0)} MB in ${seconds.toFixed(2)} s: ` +
      `${Math.round(routes / seconds)} routes/s, ${(megabytes / seconds).toFixed(0)} MB/s\n`,
  );
}
