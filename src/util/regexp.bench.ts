// Time per test of typical patterns of routes, beside the RE2 engine for comparison, and per compilation.
// Run: node src/util/regexp.bench.ts. The bar: 100 ns per test of a host.

import { RE2JS } from "re2js";
import { CompiledRegexp, compileRegexp, RegexpError } from "./regexp.ts";

const hosts = ["app.example.org", "app.example.org:8443", "www.example.org", "app.example.com"];
const paths = ["/api/users/7", "/static/logo.png", "/", "/api/orders/1234567/items"];

function nanoseconds(rounds: number, step: (i: number) => void): string {
  for (let i = 0; i < rounds / 10; i++) step(i);
  const start = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) step(i);
  return `${(Number(process.hrtime.bigint() - start) / rounds).toFixed(0)} ns`;
}

const patterns: [pattern: string, subjects: readonly string[]][] = [
  ["^(app[.]example[.]org[.]?(:[0-9]+)?)$", hosts],
  ["^([^.]+[.]example[.]org[.]?(:[0-9]+)?)$", hosts],
  ["^app[.]", hosts],
  ["(?i)^APP[.]example", hosts],
  ["[.](png|webp)$", paths],
  ["^/api/[^/]+/[0-9]+$", paths],
  ["/(api|static)/.*[0-9]", paths],
];
for (const [pattern, subjects] of patterns) {
  const compiled = compileRegexp(pattern);
  if (compiled instanceof RegexpError) throw new Error(compiled.message);
  const plain = new CompiledRegexp(pattern, null, null, RE2JS.compile(pattern));
  const ours = nanoseconds(2_000_000, (i) => compiled.test(subjects[i & 3]!));
  const re2 = nanoseconds(200_000, (i) => plain.test(subjects[i & 3]!));
  process.stdout.write(`${pattern}: ${ours} (RE2 alone ${re2})\n`);
}
const hostCompile = nanoseconds(50_000, (i) => compileRegexp(`^(app${i}[.]example[.]org[.]?(:[0-9]+)?)$`));
const fastCompile = nanoseconds(50_000, (i) => compileRegexp(`^/api/v${i}/[^/]+/items$`));
const re2Compile = nanoseconds(5_000, (i) => compileRegexp(`(a|b)+${i}`));
process.stdout.write(`compile: hosts ${hostCompile}, fast path ${fastCompile}, RE2 ${re2Compile}\n`);
