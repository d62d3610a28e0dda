// The files of a plugin project, for `npm run new -- plugin fooBar FOLDER`: a filter, a test that runs it in a proxy, the settings for
// compiler and editor. The project is linked to this checkout, so that it works before anything is installed.

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { kebabCase, root } from "./registries.ts";

function filter(name: string): string {
  return `// ${name}: what it does, in one line.

import { argKinds, defineFilter, one } from "skipper-proxy";

/** \`options\`: the lines of the .conf file beside this folder, then those of the flag: -filter-plugin=FOLDER,option,option */
export default (options: readonly string[]) =>
  defineFilter({
    name: "${name}",
    summary: "Sets a header of the request.",
    args: [one("value", argKinds.headerValue)],
    create([value]) {
      return {
        request(ctx) {
          ctx.request.headers.set("X-${name}", [value, ...options].join(" "));
        },
      };
    },
  });
`;
}

function test(name: string): string {
  return `// ${name} in a proxy.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { defaultOptions, type RunningSkipper, startSkipper } from "skipper-proxy";

let proxy: RunningSkipper;
let address = "";
const backend = createServer((request, response) => response.end(String(request.headers["x-${name.toLowerCase()}"])));

/** A port that nobody listens on. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return \`127.0.0.1:\${port}\`;
}

before(async () => {
  await once(backend.listen(0, "127.0.0.1"), "listening");
  const { port } = backend.address() as AddressInfo;
  address = await freeAddress();
  proxy = await startSkipper({
    ...defaultOptions(),
    address,
    supportListener: "",
    accessLogDisabled: true,
    workers: 1,
    filterPlugin: [{ name: import.meta.dirname, options: ["more"] }],
    inlineRoutes: \`r: * -> ${name}("some") -> "http://127.0.0.1:\${port}"\`,
  });
});
after(async () => {
  await proxy.shutdown(0);
  backend.close();
});

test("the backend sees the header", async () => {
  assert.equal(await (await fetch(\`http://\${address}/\`)).text(), "some more");
});
`;
}

const compilerOptions = {
  target: "es2024",
  lib: ["es2024", "esnext"],
  module: "nodenext",
  types: ["node"],
  strict: true,
  noUncheckedIndexedAccess: true,
  verbatimModuleSyntax: true,
  erasableSyntaxOnly: true,
  allowImportingTsExtensions: true,
  skipLibCheck: true,
  noEmit: true,
};

/** Writes the project; gives what is wrong, or "". */
export function newPlugin(name: string, folder: string): string {
  if (existsSync(folder)) return `${folder} exists already`;
  const { devDependencies } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as {
    devDependencies: Record<string, string>;
  };
  const manifest = {
    name: kebabCase(name),
    version: "0.1.0",
    type: "module",
    exports: "./index.ts",
    scripts: { test: "node --test", check: "tsc" },
    devDependencies: {
      "@types/node": devDependencies["@types/node"],
      "skipper-proxy": `file:${path.relative(folder, root)}`,
      typescript: devDependencies.typescript,
    },
  };
  const files = {
    "package.json": `${JSON.stringify(manifest, null, 2)}\n`,
    "tsconfig.json": `${JSON.stringify({ compilerOptions }, null, 2)}\n`,
    ".gitignore": "node_modules/\n",
    "index.ts": filter(name),
    "index.test.ts": test(name),
  };
  mkdirSync(path.join(folder, "node_modules"), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  symlinkSync(root, path.join(folder, "node_modules/skipper-proxy"));
  symlinkSync(path.join(root, "node_modules/@types"), path.join(folder, "node_modules/@types"));
  return "";
}
