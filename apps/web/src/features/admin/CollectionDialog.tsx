import { useQuery } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, Plus, Search, X } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { maxCollectionItems, type AdminCollection, type StoreItem } from "@tesslate/contract";
import { Banner } from "../../ui/Banner.tsx";
import { Button } from "../../ui/Button.tsx";
import { Dialog } from "../../ui/Dialog.tsx";
import { Field } from "../../ui/Field.tsx";
import { useForm } from "../../ui/form/use-form.ts";
import { IconButton } from "../../ui/IconButton.tsx";
import { Input } from "../../ui/Input.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { Textarea } from "../../ui/Textarea.tsx";
import { toast } from "../../ui/toast.tsx";
import { ItemThumbnail, itemsQuery } from "../marketplace/index.ts";
import { swapped, useStoreFront } from "./store-front.queries.ts";

/** Creates or changes a collection and its items, in order. */
export function CollectionDialog({ collection, onClose }: { collection?: AdminCollection; onClose: () => void }) {
  const { createCollection, updateCollection } = useStoreFront();
  const form = useForm({
    start: {
      title: collection?.title ?? "",
      description: collection?.description ?? "",
      is_published: collection?.is_published ?? true,
      items: collection?.items ?? ([] as StoreItem[]),
    },
    check: ({ title }) => ({ ...(title.trim() === "" && { title: "Enter a title." }) }),
    submit: async ({ title, description, is_published, items }) => {
      const body = { title: title.trim(), description: description.trim(), is_published, items: items.map(({ id }) => id) };
      await (collection ? updateCollection.mutateAsync({ id: collection.id, body }) : createCollection.mutateAsync(body));
      toast(collection ? "Collection saved." : "Collection created.");
      onClose();
    },
  });
  return (
    <Dialog
      isOpen
      onOpenChange={(isOpen) => !isOpen && !form.isSubmitting && onClose()}
      title={collection ? `Edit ${collection.title}` : "New collection"}
      footer={
        <>
          <span className="flex-1" />
          <Button variant="ghost" onClick={onClose} disabled={form.isSubmitting}>
            Cancel
          </Button>
          <Button type="submit" form="collection-form" variant="primary" isLoading={form.isSubmitting} loadingWord="Saving…">
            {collection ? "Save collection" : "Create collection"}
          </Button>
        </>
      }
    >
      <form id="collection-form" onSubmit={form.onSubmit} noValidate className="grid gap-3.5">
        {form.errors[""] ? <Banner tone="err">{form.errors[""]}</Banner> : null}
        <Field label="Title" error={form.errors.title}>
          <Input {...form.text("title")} maxLength={80} autoComplete="off" />
        </Field>
        <Field label="Description" error={form.errors.description}>
          <Textarea {...form.text("description")} maxLength={300} />
        </Field>
        <Switch
          isOn={form.values.is_published}
          label="Show in the store"
          onChange={(is_published) => form.set("is_published", is_published)}
        />
        <ItemChoice items={form.values.items} onChange={(items) => form.set("items", items)} />
        {form.errors.items ? (
          <p role="alert" className="text-xs text-err">
            {form.errors.items}
          </p>
        ) : null}
      </form>
    </Dialog>
  );
}

/** Items of a collection in order, and a search for more. */
function ItemChoice({ items, onChange }: { items: StoreItem[]; onChange: (items: StoreItem[]) => void }) {
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim());
  const found = useQuery({ ...itemsQuery({ q }), enabled: q !== "" });
  const byId = new Map(items.map((item) => [item.id, item]));
  const order = items.map(({ id }) => id);
  const move = (id: string, step: -1 | 1) => onChange(swapped(order, id, step).flatMap((one) => byId.get(one) ?? []));
  const offered = (found.data?.items ?? []).filter(({ id }) => !byId.has(id)).slice(0, 6);
  return (
    <fieldset className="min-w-0">
      <legend className="mb-1.5 text-sm font-medium text-fg-1">
        Items{" "}
        <span className="num font-regular text-fg-2">
          ({items.length} of {maxCollectionItems})
        </span>
      </legend>
      {items.length > 0 ? (
        <ul role="list" aria-label="Chosen items" className="mb-3 divide-y divide-line-0 border-y border-line-0">
          {items.map((item, index) => (
            <li key={item.id} className="flex items-center gap-2 py-1.5">
              <ItemThumbnail of={item} />
              <span className="min-w-0 flex-1 truncate text-sm text-fg-0">{item.name}</span>
              <IconButton size="sm" label={`Move ${item.name} up`} disabled={index === 0} onClick={() => move(item.id, -1)}>
                <ArrowUp size={14} />
              </IconButton>
              <IconButton size="sm" label={`Move ${item.name} down`} disabled={index === items.length - 1} onClick={() => move(item.id, 1)}>
                <ArrowDown size={14} />
              </IconButton>
              <IconButton size="sm" label={`Remove ${item.name}`} onClick={() => onChange(items.filter(({ id }) => id !== item.id))}>
                <X size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      ) : null}
      <Input
        type="search"
        aria-label="Search the store for items"
        placeholder="Search the store"
        value={text}
        disabled={items.length >= maxCollectionItems}
        onChange={(event) => setText(event.target.value)}
        // Enter searches; it must not save the collection.
        onKeyDown={(event) => event.key === "Enter" && event.preventDefault()}
        leading={<Search size={14} className="flex-none text-fg-3" />}
      />
      {q === "" ? null : found.isPending ? (
        <p className="mt-2 text-xs text-fg-2">Searching…</p>
      ) : offered.length === 0 ? (
        <p className="mt-2 text-xs text-fg-2">No results for “{q}”</p>
      ) : (
        <ul role="list" aria-label="Results" className="mt-1.5 grid gap-1">
          {offered.map((item) => (
            <li key={item.id}>
              <button
                type="button"
                onClick={() => onChange([...items, item])}
                className="flex w-full items-center gap-2 rounded-2 p-1.5 text-left text-sm hover:bg-bg-2"
              >
                <ItemThumbnail of={item} />
                <span className="min-w-0 flex-1 truncate text-fg-0">{item.name}</span>
                <span className="text-xs text-fg-2">{item.creator_name}</span>
                <Plus size={14} aria-hidden="true" className="text-fg-2" />
                <span className="sr-only">Add {item.name}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </fieldset>
  );
}
