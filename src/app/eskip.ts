// The eskip command (spec eskip-cli): checks, prints, patches and stores routes. bin/eskip.ts calls it with the arguments and the
// process's streams; it returns the exit code and touches nothing else of the process.

import { EtcdClient, EtcdError } from "../data-clients/etcd-client.ts";
import { routesToJson } from "../eskip/json.ts";
import { printExpression, printRoutes } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { routeIdOrRandom } from "../eskip/route-id.ts";
import type { Registry } from "../spec/registry.ts";
import { findFault, findWarnings } from "./eskip-check.ts";
import { type EskipFlags, eskipUsage, parseEskipFlags } from "./eskip-flags.ts";
import { detectMedia, type Medium, type SelectedMedia, selectMedia } from "./eskip-media.ts";
import { EskipFailure, type EskipIo, type LoadedRoute, loadEtcd, loadPatches, loadRoutes } from "./eskip-store.ts";
import { usesPlugins } from "./plugin-flags.ts";
import { readVersion } from "./version.ts";

const FAILED = 255;
const HINT = "To print eskip usage, enter: eskip -help";

type Command = (media: SelectedMedia, flags: EskipFlags, io: EskipIo) => Promise<void>;
const commands = new Map<string, Command>([
  ["check", check],
  ["print", print],
  ["upsert", upsert],
  ["reset", reset],
  ["delete", deleteRoutes],
  ["patch", patch],
]);

/** Runs the command and gives its exit code: 0, 1 for a difference that `diff` found, or 255 with a message on standard error. */
export async function runEskip(argv: readonly string[], io: EskipIo): Promise<number> {
  if (argv.includes("-help") || argv.includes("--help")) {
    io.stdout(eskipUsage());
    return 0;
  }
  const name = argv[0] ?? "";
  if (name === "" || name.startsWith("-")) return wrongUse("missing command", io);
  if (name === "version") {
    const { version, commit } = readVersion();
    io.stdout(`eskip version ${version} (commit: ${commit})\n`);
    return 0;
  }
  if (name === "diff") return runDiff(argv.slice(1), io);
  const command = commands.get(name);
  if (command === undefined) return wrongUse("invalid command", io);
  const parsed = parseEskipFlags(argv.slice(1));
  if ("error" in parsed) return wrongUse(parsed.error, io);
  const { flags, rest } = parsed;
  const media = detectMedia(flags, rest, io.stdinIsTerminal);
  if ("error" in media) return wrongUse(media.error, io);
  const selected = selectMedia(name, media, flags);
  if ("error" in selected) return wrongUse(selected.error, io);
  if (name === "print" && flags.pretty && !/^[\t\n\f\r ]*$/.test(flags.indent)) {
    return wrongUse("invalid indent. Must match regexp \\s", io);
  }
  return reportFailure(flags, io, async () => {
    await command(selected, flags, io);
    return 0;
  });
}

async function runDiff(argv: readonly string[], io: EskipIo): Promise<number> {
  const parsed = parseEskipFlags(argv);
  if ("error" in parsed) return wrongUse(parsed.error, io);
  const { flags, rest } = parsed;
  if (rest.length !== 2) return wrongUse(`diff: expected two files, URLs or clusters, got ${rest.length}`, io);
  const { diff } = await import("./eskip-diff.ts");
  return reportFailure(flags, io, () => diff(rest, io));
}

/** Gives what `run` gives, or 255 after a failure that the user is told of. */
async function reportFailure(flags: EskipFlags, io: EskipIo, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof EskipFailure || error instanceof EtcdError)) throw error;
    io.stderr(`${error.message}\n`);
    const explained = io.stderrIsTerminal || flags.strict;
    if (explained && error instanceof EskipFailure && error.explanation !== "") io.stderr(`${error.explanation}\n`);
    return FAILED;
  }
}

function wrongUse(message: string, io: EskipIo): number {
  io.stderr(`${message}\n\n${HINT}\n`);
  return FAILED;
}

async function check(media: SelectedMedia, flags: EskipFlags, io: EskipIo): Promise<void> {
  const routes = await loadRoutes(media.input, io);
  failOnBroken(routes, io, true);
  const fault = findFault(routes);
  if (fault !== null) throw new EskipFailure(fault.message, fault.place);
  if (routes.length === 0) return;
  // Loaded only here, so that the other commands start without them.
  const [{ checkingRegistry }, { checkRoute }] = await Promise.all([
    import("./shipped-registry.ts"),
    import("../routing/check-route.ts"),
  ]);
  const registry = await checkingRegistry([]);
  if (usesPlugins(flags)) await addPlugins(registry, flags, io);
  const lines = findWarnings(routes, registry, checkRoute, flags.strict);
  for (const line of lines) io.stderr(`${flags.strict ? "" : "warning: "}${line}\n`);
  if (flags.strict && lines.length > 0) throw new EskipFailure("unknown names or wrong arguments");
}

async function addPlugins(registry: Registry, flags: EskipFlags, io: EskipIo): Promise<void> {
  const { addPluginsOf } = await import("./plugins.ts");
  try {
    await addPluginsOf(flags, registry, (text) => io.stderr(`${text}\n`));
  } catch (error) {
    throw new EskipFailure((error as Error).message);
  }
}

async function print(media: SelectedMedia, flags: EskipFlags, io: EskipIo): Promise<void> {
  const loaded = await loadRoutes(media.input, io);
  const routes = loaded.map(({ route }) => route);
  if (flags.json) {
    const { text, error } = routesToJson(routes);
    if (error !== "") throw new EskipFailure(error);
    io.stdout(`${text}\n`);
  } else io.stdout(printRoutes(routes, { pretty: flags.pretty, indent: flags.indent }));
  failOnBroken(loaded, io, !flags.json);
}

async function upsert(media: SelectedMedia, _flags: EskipFlags, io: EskipIo): Promise<void> {
  const routes = await loadRoutes(media.input, io);
  const client = outputClient(media.output);
  for (const { route } of routes) await put(client, route);
}

async function reset(media: SelectedMedia, _flags: EskipFlags, io: EskipIo): Promise<void> {
  const routes = await loadRoutes(media.input, io);
  const client = outputClient(media.output);
  const stored = new Map<string, string>();
  for (const { route, error } of await existingRoutes(client)) {
    stored.set(route.id, error === "" ? printExpression(route) : "");
  }
  const wanted = new Map(routes.map(({ route }) => [route.id, printExpression(route)]));
  for (const { route } of routes) {
    // Of a repeated id the last definition is the one that must be stored in the end.
    const before = stored.get(route.id);
    if (before !== wanted.get(route.id) && before !== printExpression(route)) await put(client, route);
  }
  for (const id of stored.keys()) if (!wanted.has(id)) await client.delete(id);
}

async function deleteRoutes(media: SelectedMedia, _flags: EskipFlags, io: EskipIo): Promise<void> {
  const routes = await loadRoutes(media.input, io);
  const client = outputClient(media.output);
  for (const { route } of routes) await client.delete(route.id);
}

async function patch(media: SelectedMedia, _flags: EskipFlags, io: EskipIo): Promise<void> {
  const { before, behind } = await loadPatches(media.patches, io);
  const loaded = await loadRoutes(media.input, io);
  failOnBroken(loaded, io, true);
  let out = "";
  for (const { route } of loaded) {
    const text = printExpression({ ...route, filters: [...before, ...route.filters, ...behind] });
    out += route.id === "" ? `${text}\n` : `${route.id}: ${text};\n`;
  }
  io.stdout(out);
}

/** Fails when entries of a store are no routes, with one line for each when `each` is set. */
function failOnBroken(routes: readonly LoadedRoute[], io: EskipIo, each: boolean): void {
  const broken = routes.filter(({ error }) => error !== "");
  if (broken.length === 0) return;
  if (each) for (const { route, error } of broken) io.stderr(`${route.id} ${error}\n`);
  throw new EskipFailure("one or more invalid route expressions");
}

function outputClient(output: Medium): EtcdClient {
  if (output.type !== "etcd") throw new EskipFailure("invalid output");
  return new EtcdClient(output.settings);
}

/** What is stored, nothing when that cannot be read. */
async function existingRoutes(client: EtcdClient): Promise<LoadedRoute[]> {
  try {
    return await loadEtcd(client);
  } catch (error) {
    if (error instanceof EtcdError) return [];
    throw error;
  }
}

async function put(client: EtcdClient, route: Route): Promise<void> {
  await client.put(routeIdOrRandom(route.id, Math.random), printExpression(route));
}
