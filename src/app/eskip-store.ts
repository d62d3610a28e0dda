// Reads the routes of a medium of the eskip command (spec eskip-cli 4.3). Failures are EskipFailure with the text for the user.

import { EtcdClient } from "../data-clients/etcd-client.ts";
import { readEtcdEntry } from "../data-clients/etcd-routes.ts";
import { parseFilters, parseRoutes } from "../eskip/parser.ts";
import { type Call, makeRoute, type Route } from "../eskip/route.ts";
import type { Medium, PatchMedium } from "./eskip-media.ts";

/** What the command needs from the process. */
export interface EskipIo {
  readonly stdinIsTerminal: boolean;
  /** A person reads the messages, so they may be longer than their fixed texts. */
  readonly stderrIsTerminal: boolean;
  readonly env: NodeJS.ProcessEnv;
  readStdin(): Promise<Uint8Array>;
  /** Rejects with a system error that has a `code`. */
  readFile(name: string): Promise<Uint8Array>;
  stdout(text: string): void;
  stderr(text: string): void;
}

/** Ends the command with exit code 255; `message` goes to standard error. */
export class EskipFailure extends Error {
  /** Place and reason for a person, beside the fixed text that programs may look for; "" for none. */
  readonly explanation: string;

  constructor(message: string, explanation = "") {
    super(message);
    this.explanation = explanation;
  }
}

/** A route and the text that it was read from; `bytes` is empty for routes made from ids. */
export interface LoadedRoute {
  readonly route: Route;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Why the text is no route; such routes (only of etcd) have an id and an empty backend. "" else. */
  readonly error: string;
}

const noBytes = new Uint8Array();

export async function loadRoutes(medium: Medium, io: EskipIo): Promise<LoadedRoute[]> {
  switch (medium.type) {
    case "stdin":
      return parse(await io.readStdin());
    case "file":
      return parse(await readFile(medium.name, io));
    case "inline":
      return parse(Buffer.from(medium.text));
    case "ids":
      return medium.ids.map((id) => withoutText(emptyRoute(id), ""));
    case "etcd":
      return loadEtcd(new EtcdClient(medium.settings));
    default:
      throw new EskipFailure("invalid input type");
  }
}

/** All routes below the prefix; those that do not parse are reported by their `error`. */
export async function loadEtcd(client: EtcdClient): Promise<LoadedRoute[]> {
  const { entries } = await client.list();
  return entries.map((entry) => {
    const read = readEtcdEntry(entry);
    if ("error" in read) return withoutText(emptyRoute(entry.id), read.error);
    const bytes = Buffer.from(entry.expression);
    return { route: read.route, bytes, start: 0, end: bytes.length, error: "" };
  });
}

/** The filters that `patch` puts before and behind those of a route. */
export async function loadPatches(
  patches: readonly PatchMedium[],
  io: EskipIo,
): Promise<{ before: readonly Call[]; behind: readonly Call[] }> {
  const before: Call[] = [];
  const behind: Call[] = [];
  for (const patch of patches) {
    const text = patch.source === "text" ? patch.value : Buffer.from(await readFile(patch.value, io)).toString();
    const { filters, error } = parseFilters(text);
    if (error !== null) {
      throw new EskipFailure(error.message, `${patchName(patch)}: ${error.explanation}`);
    }
    (patch.place === "prepend" ? before : behind).push(...filters);
  }
  return { before, behind };
}

function patchName({ place, source, value }: PatchMedium): string {
  return source === "text" ? `-${place}` : value;
}

function parse(bytes: Uint8Array): LoadedRoute[] {
  const loaded: LoadedRoute[] = [];
  const error = parseRoutes(bytes, (route, start, end) => loaded.push({ route, bytes, start, end, error: "" }));
  if (error !== null) throw new EskipFailure(error.message, error.explanation);
  return loaded;
}

function emptyRoute(id: string): Route {
  return makeRoute({ id, backend: { type: "network", address: "" } });
}

function withoutText(route: Route, error: string): LoadedRoute {
  return { route, bytes: noBytes, start: 0, end: 0, error };
}

/** What a file holds, or standard input for `-`. */
export async function readBytes(name: string, io: EskipIo): Promise<Uint8Array> {
  return name === "-" ? io.readStdin() : readFile(name, io);
}

async function readFile(name: string, io: EskipIo): Promise<Uint8Array> {
  try {
    return await io.readFile(name);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT") throw new EskipFailure(`open ${name}: no such file or directory`);
    if (code === "EACCES") throw new EskipFailure(`open ${name}: permission denied`);
    if (code === "EISDIR") throw new EskipFailure(`read ${name}: is a directory`);
    throw new EskipFailure(`open ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
