import { useState } from "react";
import { cx } from "../lib/cx.ts";

/** Initials of a person's name: first and last word, else the first two letters. */
export function initialsOf(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const [first = "", last = ""] = [words[0] ?? "", words.length > 1 ? (words.at(-1) ?? "") : ""];
  const letters = last ? [...first].slice(0, 1).join("") + [...last].slice(0, 1).join("") : [...first].slice(0, 2).join("");
  return letters.toLocaleUpperCase() || "?";
}

/** A person. Agents have none. */
export function Avatar({
  name,
  url,
  tone = "ink",
  className,
}: {
  name: string;
  url?: string | null;
  tone?: "ink" | "info" | "ok";
  className?: string;
}) {
  const look = cx("inline-grid size-5.5 flex-none place-items-center rounded-full text-[10px] leading-none font-semibold", className);
  // Pictures on other servers are not fetched (the page's policy forbids it), and any may be gone: initials then.
  const [broken, setBroken] = useState<string>();
  if (url && url !== broken) return <img src={url} alt={name} className={cx(look, "object-cover")} onError={() => setBroken(url)} />;
  return (
    // The initials are drawn, not written: the name beside the picture is what counts.
    <span
      role="img"
      aria-label={name}
      data-initials={initialsOf(name)}
      className={cx(
        look,
        "before:content-[attr(data-initials)]",
        tone === "ink" ? "bg-fg-0 text-bg-1" : tone === "info" ? "bg-info-soft text-info" : "bg-ok-soft text-ok",
      )}
    />
  );
}
