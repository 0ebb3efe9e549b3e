import { Fragment, type ReactNode } from "react";
import { capsOf } from "../../lib/shortcut-keys.ts";
import { shortcutKeys, useShortcutOverrides } from "../../lib/shortcut-bindings.ts";
import { shortcuts, type ShortcutId } from "../../shortcuts.ts";
import { Kbds } from "../Kbd.tsx";

/** Keys, press by press. */
export const KeyPresses = ({ keys }: { keys: string }) =>
  capsOf(keys).map((caps, index) => (
    <Fragment key={index}>
      {index > 0 ? <span className="mx-1 text-2xs text-fg-3">then</span> : null}
      <Kbds caps={caps} />
    </Fragment>
  ));

/** One table per scope, in the registry's order. `cellOf`: instead of the keys. `isShown`: for searches. */
export function ShortcutTable({
  cellOf,
  isShown = () => true,
}: {
  cellOf?: (id: ShortcutId) => ReactNode;
  isShown?: (id: ShortcutId) => boolean;
}) {
  const overrides = useShortcutOverrides();
  const shown = (Object.keys(shortcuts) as ShortcutId[]).filter(isShown);
  const scopes = [...new Set(shown.map((id) => shortcuts[id].scope))];
  return (
    <div className="grid gap-5">
      {scopes.map((scope) => (
        <section key={scope} aria-label={scope}>
          <h3 className="mb-1 text-xs font-medium text-fg-2">{scope}</h3>
          <table className="w-full">
            <tbody>
              {shown
                .filter((id) => shortcuts[id].scope === scope)
                .map((id) => {
                  const [first] = shortcutKeys(id, overrides);
                  return (
                    <tr key={id} data-shortcut={id} className="border-b border-line-0 last:border-0">
                      <th scope="row" className="py-1.5 text-left font-regular text-fg-1">
                        {shortcuts[id].label}
                      </th>
                      <td className="py-1.5 text-right">
                        {cellOf ? (
                          cellOf(id)
                        ) : first === undefined ? (
                          <span className="text-xs text-fg-3">None</span>
                        ) : (
                          <KeyPresses keys={first} />
                        )}
                      </td>
                    </tr>
                  );
                })}
            </tbody>
          </table>
        </section>
      ))}
    </div>
  );
}
