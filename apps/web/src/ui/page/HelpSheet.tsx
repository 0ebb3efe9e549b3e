import { Fragment } from "react";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { shortcuts, type ShortcutId } from "../../shortcuts.ts";
import { Kbds } from "../Kbd.tsx";
import { Sheet } from "../Sheet.tsx";

/** One table per scope, in the registry's order. */
export function ShortcutTable() {
  const scopes = [...new Set(Object.values(shortcuts).map((entry) => entry.scope))];
  return (
    <div className="grid gap-5">
      {scopes.map((scope) => (
        <section key={scope} aria-label={scope}>
          <h3 className="mb-1 text-xs font-medium text-fg-2">{scope}</h3>
          <table className="w-full">
            <tbody>
              {Object.entries(shortcuts)
                .filter(([, entry]) => entry.scope === scope)
                .map(([id, entry]) => (
                  <tr key={id} data-shortcut={id satisfies string as ShortcutId} className="border-b border-line-0 last:border-0">
                    <th scope="row" className="py-1.5 text-left font-regular text-fg-1">
                      {entry.label}
                    </th>
                    <td className="py-1.5 text-right">
                      {capsOf(entry.keys[0] ?? "").map((caps, index) => (
                        <Fragment key={index}>
                          {index > 0 ? <span className="mx-1 text-2xs text-fg-3">then</span> : null}
                          <Kbds caps={caps} />
                        </Fragment>
                      ))}
                    </td>
                  </tr>
                ))}
            </tbody>
          </table>
        </section>
      ))}
    </div>
  );
}

export function HelpSheet({ isOpen, onOpenChange }: { isOpen: boolean; onOpenChange: (isOpen: boolean) => void }) {
  return (
    <Sheet isOpen={isOpen} onOpenChange={onOpenChange} title="Keyboard shortcuts" isText>
      <ShortcutTable />
    </Sheet>
  );
}
