// Checks of options by parts that config/ does not know; loadConfig runs them among its own.

import type { OptionCheck } from "../config/load.ts";
import { checkTranslationFlags } from "../kubernetes/parse-settings.ts";
import { checkSecondLevel } from "./second-level.ts";

export const optionChecks: readonly OptionCheck[] = [
  (options) => checkTranslationFlags(options)?.message ?? "",
  checkSecondLevel,
  ({ routesShadowUrl: url }) => {
    if (url === "" || (/^https?:\/\//i.test(url) && URL.canParse(url))) return "";
    return `invalid routes-shadow-url: expected an http or https URL, got ${JSON.stringify(url)}`;
  },
];
