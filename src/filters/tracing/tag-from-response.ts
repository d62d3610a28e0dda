// The step that the filters for response tags share.

import type { FilterContext } from "../../spec/context.ts";
import type { Template } from "../../spec/template.ts";

export function tagFromResponse(ctx: FilterContext, tag: string, value: Template): void {
  const text = ctx.span === null ? undefined : value.apply(ctx);
  if (text !== undefined) ctx.span!.setTag(tag, text);
}
