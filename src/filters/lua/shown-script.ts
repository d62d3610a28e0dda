// A script as messages name it.

import { fromByteString } from "../../util/bytes.ts";

/** Of an inline script this much is shown. */
const SHOWN_LENGTH = 100;

export function shownScript(script: string): string {
  const text = fromByteString(script);
  return text.length > SHOWN_LENGTH ? `${text.slice(0, SHOWN_LENGTH)}...` : text;
}
