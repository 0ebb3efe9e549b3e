import type { Template } from "@tesslate/contract";
import { useTheme } from "../../theme/theme-choice.ts";
import { ItemIcon } from "../marketplace/index.ts";

/**
 * The picture of a template in the theme of the studio; without one its category and what it is built with. Pictures of the store are shown only
 * as data URLs, so that nothing is requested from other hosts.
 */
export function StartPicture({
  pictures = null,
  image = null,
  category,
  stack,
}: {
  pictures?: Template["pictures"];
  image?: string | null;
  category: string;
  stack: readonly string[];
}) {
  const { isDark } = useTheme();
  const source = pictures ? (isDark ? pictures.dark : pictures.light) : image?.startsWith("data:") ? image : undefined;
  if (source)
    return <img src={source} alt="" loading="lazy" width={640} height={400} className="aspect-8/5 w-full object-cover object-top" />;
  return (
    <div aria-hidden="true" className="grid aspect-8/5 w-full place-items-center content-center gap-3 overflow-hidden bg-bg-2 px-4">
      <ItemIcon category={category} size="large" />
      <span className="flex max-h-6 flex-wrap justify-center gap-1.5 overflow-hidden">
        {stack.slice(0, 3).map((name) => (
          <span key={name} className="flex h-6 items-center rounded-1 bg-bg-3 px-1.75 text-xs text-fg-1">
            {name}
          </span>
        ))}
      </span>
    </div>
  );
}
