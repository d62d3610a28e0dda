// Where the eskip command reads from and writes to (spec eskip-cli 4): which media the arguments name, and what each command
// makes of them. Pure; reading and writing is in eskip-store.ts.

import { checkEtcdUrls, type EtcdSettings } from "../data-clients/etcd-client.ts";
import type { EskipFlags } from "./eskip-flags.ts";

export type Medium =
  | { readonly type: "innkeeper" }
  | { readonly type: "etcd"; readonly settings: EtcdSettings }
  | { readonly type: "inline"; readonly text: string }
  | { readonly type: "ids"; readonly ids: readonly string[] }
  | { readonly type: "file"; readonly name: string }
  | { readonly type: "stdin" }
  | PatchMedium;

/** Filters for `patch`: before or behind those of the route, given as text or in a file. */
export interface PatchMedium {
  readonly type: "patch";
  readonly place: "prepend" | "append";
  readonly source: "text" | "file";
  readonly value: string;
}

export interface SelectedMedia {
  readonly input: Medium;
  readonly output: Medium;
  readonly patches: readonly PatchMedium[];
}

/** Wrong use of the command. */
export interface UsageError {
  readonly error: string;
}

const REQUEST_TIMEOUT_MS = 1000;
const DEFAULT_URLS = ["http://127.0.0.1:2379", "http://127.0.0.1:4001"];
const DEFAULT_PREFIX = "/skipper";

/** The media that the arguments name, in their fixed order. */
export function detectMedia(
  flags: EskipFlags,
  rest: readonly string[],
  stdinIsTerminal: boolean,
): readonly Medium[] | UsageError {
  if (rest.length > 1) return { error: "invalid number of args" };
  const media: Medium[] = [];
  if (flags.innkeeperUrl !== "" || flags.oauthToken !== "") {
    if (flags.oauthToken === "") return { error: "missing OAuth token" };
    media.push({ type: "innkeeper" });
  }
  if (flags.etcdUrls !== "" || flags.etcdPrefix !== "") {
    const urls = flags.etcdUrls === "" ? DEFAULT_URLS : flags.etcdUrls.split(",");
    const error = checkEtcdUrls(urls);
    if (error !== "") return { error };
    media.push(etcdMedium(flags, urls, flags.etcdOauthToken));
  }
  if (flags.routes !== "") media.push({ type: "inline", text: flags.routes });
  if (flags.ids !== "") media.push({ type: "ids", ids: flags.ids.split(",") });
  const [file] = rest;
  if (file !== undefined) media.push({ type: "file", name: file });
  else if (!stdinIsTerminal) media.push({ type: "stdin" });
  for (const [place, source, value] of [
    ["prepend", "text", flags.prepend],
    ["append", "text", flags.append],
    ["prepend", "file", flags.prependFile],
    ["append", "file", flags.appendFile],
  ] as const) {
    if (value !== "") media.push({ type: "patch", place, source, value });
  }
  return media;
}

/** What a command reads, writes and adds, or why the media do not fit it. */
export function selectMedia(command: string, media: readonly Medium[], flags: EskipFlags): SelectedMedia | UsageError {
  // The implied etcd carries no token.
  const implied = etcdMedium(flags, DEFAULT_URLS, "");
  switch (command) {
    case "check":
    case "print":
      return selectForReading(media, implied);
    case "patch":
      return selectForPatch(media, implied);
    default:
      return selectForWriting(media, implied, command === "delete");
  }
}

function selectForReading(media: readonly Medium[], implied: Medium): SelectedMedia | UsageError {
  if (media.length > 1) return { error: "too many inputs" };
  const input = media[0] ?? implied;
  if (input.type === "ids" || input.type === "patch") return { error: "invalid input type" };
  return { input, output: implied, patches: [] };
}

function selectForWriting(media: readonly Medium[], implied: Medium, idsToo: boolean): SelectedMedia | UsageError {
  if (media.length === 0) return { error: "missing input" };
  if (media.length > 2) return { error: "too many inputs" };
  if (media[0]!.type === "patch") return { error: "invalid input type" };
  let input: Medium | null = null;
  let output = implied;
  for (const medium of media) {
    if (medium.type === "ids" && !idsToo) return { error: "invalid input type" };
    // The last one counts. Filters for patch are accepted here in second place and fail when they are read.
    if (medium.type === "etcd" || medium.type === "innkeeper") output = medium;
    else input = medium;
  }
  return input === null ? { error: "missing input" } : { input, output, patches: [] };
}

function selectForPatch(media: readonly Medium[], implied: Medium): SelectedMedia | UsageError {
  const patches: PatchMedium[] = [];
  let input: Medium | null = null;
  for (const medium of media) {
    if (medium.type === "patch") patches.push(medium);
    else if (medium.type === "ids") return { error: "invalid input type" };
    else if (input !== null) return { error: "too many inputs" };
    else input = medium;
  }
  return { input: input ?? implied, output: implied, patches };
}

function etcdMedium(flags: EskipFlags, urls: readonly string[], oauthToken: string): Medium {
  const settings = {
    urls,
    prefix: flags.etcdPrefix === "" ? DEFAULT_PREFIX : flags.etcdPrefix,
    timeoutMs: REQUEST_TIMEOUT_MS,
    insecure: flags.insecure,
    oauthToken,
    username: "",
    password: "",
  };
  return { type: "etcd", settings };
}
