import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { useRef, type KeyboardEvent } from "react";
import { useShortcuts } from "../../lib/use-shortcuts.ts";
import { Input } from "../../ui/Input.tsx";
import { ShortcutKeys } from "../../ui/ShortcutKeys.tsx";
import { findSettings } from "./find-settings.ts";

/** The field above the navigation of the settings, and what it finds in the place of the navigation. */
export function SettingsSearch({ text, onText }: { text: string; onText: (text: string) => void }) {
  const navigate = useNavigate();
  const field = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const found = text.trim() === "" ? undefined : findSettings(text);
  useShortcuts({ "settings.search": () => field.current?.focus() });
  const open = (href: string) => void navigate({ href });
  const moveFocus = (event: KeyboardEvent<HTMLElement>) => {
    const links = [...(list.current?.querySelectorAll<HTMLElement>("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined || links.length === 0) return;
    event.preventDefault();
    if (at + step < 0) field.current?.focus();
    else links[Math.min(links.length - 1, at + step)]?.focus();
  };
  return (
    <div role="search" aria-label="Search settings" className="mb-3">
      <Input
        ref={field}
        type="search"
        aria-label="Search settings"
        placeholder="Search settings"
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape" && text !== "") {
            event.preventDefault();
            event.stopPropagation();
            onText("");
          } else if (event.key === "Enter" && found?.[0]) {
            event.preventDefault();
            open(found[0].href);
          } else moveFocus(event);
        }}
        leading={<Search size={14} />}
        trailing={
          text === "" ? (
            <span className="narrow:hidden">
              <ShortcutKeys id="settings.search" />
            </span>
          ) : undefined
        }
      />
      <p role="status" className="sr-only">
        {found ? (found.length === 0 ? `No results for “${text.trim()}”` : `Results: ${found.length}`) : ""}
      </p>
      {found === undefined ? null : found.length === 0 ? (
        <p className="px-2.5 pt-3 text-sm text-fg-2">No results for “{text.trim()}”</p>
      ) : (
        <ul ref={list} role="list" aria-label="Results" className="mt-2 grid gap-px">
          {found.map(({ id, href, label, page }) => (
            <li key={id}>
              <a
                href={href}
                onKeyDown={moveFocus}
                onClick={(event) => {
                  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
                  event.preventDefault();
                  open(href);
                }}
                className="block rounded-2 px-2.5 py-1.25 hover:bg-bg-2 focus-visible:bg-bg-2 narrow:py-2"
              >
                <span className="block truncate text-fg-0">{label}</span>
                {page === label ? null : <span className="block truncate text-xs text-fg-2">{page}</span>}
              </a>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
