import type { AdminCategory, StoreItemType } from "@tesslate/contract";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Checkbox } from "../../ui/Checkbox.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { Input } from "../../ui/Input.tsx";
import { toast } from "../../ui/toast.tsx";
import { useStoreFront } from "./store-front.queries.ts";

export const kindLabels: Record<StoreItemType, string> = { agent: "Agents", base: "Templates", theme: "Themes" };

/** Creates or renames a category, and says which kinds can have it. */
export function CategoryDialog({ category, onClose }: { category?: AdminCategory; onClose: () => void }) {
  const { createCategory, updateCategory } = useStoreFront();
  const form = useForm({
    start: { name: category?.name ?? "", item_types: category?.item_types ?? (["agent", "base"] as StoreItemType[]) },
    check: ({ name, item_types }) => ({
      ...(name.trim() === "" && { name: "Enter a name." }),
      ...(item_types.length === 0 && { item_types: "Select at least one kind." }),
    }),
    submit: async ({ name, item_types }) => {
      const body = { name: name.trim(), item_types };
      await (category ? updateCategory.mutateAsync({ slug: category.slug, body }) : createCategory.mutateAsync(body));
      toast(category ? "Category saved." : "Category created.");
      onClose();
    },
  });
  const { item_types } = form.values;
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()}
      title={category ? `Edit ${category.name}` : "New category"}
      footer={
        <>
          <span className="flex-1" />
          <Button variant="ghost" onClick={onClose} disabled={form.isSubmitting}>
            Cancel
          </Button>
          <Button type="submit" form="category-form" variant="primary" isLoading={form.isSubmitting} loadingWord="Saving…">
            {category ? "Save category" : "Create category"}
          </Button>
        </>
      }
    >
      <form id="category-form" onSubmit={form.onSubmit} noValidate className="grid gap-3.5">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="Name" error={form.errors.name}>
          <Input {...form.text("name")} maxLength={50} autoComplete="off" />
        </Field>
        <ItemTypeChoice value={item_types} onChange={(value) => form.set("item_types", value)} />
        {form.errors.item_types ? (
          <p role="alert" className="text-xs text-err">
            {form.errors.item_types}
          </p>
        ) : null}
      </form>
    </Dialog>
  );
}

/** The kinds that can have a category. */
function ItemTypeChoice({ value, onChange }: { value: readonly StoreItemType[]; onChange: (value: StoreItemType[]) => void }) {
  return (
    <fieldset className="grid gap-2">
      <legend className="mb-1.5 text-sm font-medium text-fg-1">Used for</legend>
      {(Object.keys(kindLabels) as StoreItemType[]).map((type) => (
        <Checkbox
          key={type}
          isChecked={value.includes(type)}
          label={kindLabels[type]}
          onChange={(isOn) => onChange(isOn ? [...value, type] : value.filter((one) => one !== type))}
        />
      ))}
    </fieldset>
  );
}
