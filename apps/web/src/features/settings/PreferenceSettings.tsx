import { useQuery, useSuspenseQuery } from "@tanstack/react-query";
import { keepModelChoice, shortModelName, usableModels } from "../../lib/model-choice.ts";
import { Field } from "../../ui/Field.tsx";
import { LoadFailed, ShownFromBefore } from "../../ui/LoadFailed.tsx";
import { Select } from "../../ui/Select.tsx";
import { SettingAnchor } from "../../ui/SettingAnchor.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { modelsQuery } from "../models/index.ts";
import { useSavePreferences, meQuery } from "../users/index.ts";

const sizes = [11, 12, 13, 14, 15, 16, 18, 20];
const serversOwn = "server";

export function PreferenceSettings() {
  const { data: user } = useSuspenseQuery(meQuery);
  const { mutate: set } = useSavePreferences();
  const shown = user.preferences;
  return (
    <>
      <SettingsSection title="Editor" hint="Applies in every browser where you sign in.">
        <div className="grid gap-4">
          <SettingAnchor id="editor-font-size">
            <Field label="Font size" className="max-w-48">
              <Select
                value={String(shown.editor_font_size)}
                onChange={(size) => set({ editor_font_size: Number(size) })}
                options={[...new Set([...sizes, shown.editor_font_size])]
                  .sort((a, b) => a - b)
                  .map((size) => ({ value: String(size), label: `${size} px` }))}
              />
            </Field>
          </SettingAnchor>
          <SettingAnchor id="editor-wrap">
            <Switch
              isOn={shown.editor_wraps_lines}
              onChange={(editor_wraps_lines) => set({ editor_wraps_lines })}
              label="Wrap long lines"
              hint="Instead of scrolling horizontally."
            />
          </SettingAnchor>
        </div>
      </SettingsSection>
      <DefaultModel value={shown.default_model} onChange={(default_model) => set({ default_model })} />
    </>
  );
}

function DefaultModel({ value, onChange }: { value: string | null; onChange: (model: string | null) => void }) {
  const { data, error, refetch, isFetching } = useQuery(modelsQuery);
  const models = usableModels(data?.items ?? []);
  return (
    <SettingsSection title="Model" hint="Used for new chats.">
      {error && data ? <ShownFromBefore of={{ error, refetch, isFetching }} className="mb-3" /> : null}
      {error && !data ? (
        <LoadFailed className="px-0" title="Couldn't load models" of={{ error, refetch, isFetching }} />
      ) : data ? (
        <SettingAnchor id="default-model">
          <Field label="Default model" className="max-w-80">
            <Select
              value={value ?? serversOwn}
              onChange={(next) => {
                const chosen = next === serversOwn ? null : next;
                if (chosen) keepModelChoice(chosen);
                onChange(chosen);
              }}
              options={[
                { value: serversOwn, label: "Server default" },
                ...models.map((model) => ({ value: model.id, label: shortModelName(model.id), hint: model.provider })),
                ...(value && !models.some(({ id }) => id === value) ? [{ value, label: shortModelName(value), hint: "unavailable" }] : []),
              ]}
            />
          </Field>
        </SettingAnchor>
      ) : (
        <SkeletonRows count={1} label="Loading models…" />
      )}
    </SettingsSection>
  );
}
