import { useQuery } from "@tanstack/react-query";
import { ArrowDown, ArrowUp, Pencil, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import type { AdminCategory, AdminCollection } from "@tesslate/contract";
import { counted } from "../../lib/counted.ts";
import { Button } from "../../ui/Button.tsx";
import { ConfirmDialog } from "../../ui/ConfirmDialog.tsx";
import { EmptyState } from "../../ui/EmptyState.tsx";
import { IconButton } from "../../ui/IconButton.tsx";
import { LoadFailed } from "../../ui/LoadFailed.tsx";
import { Pill } from "../../ui/Pill.tsx";
import { SettingsSection } from "../../ui/SettingsSection.tsx";
import { SkeletonRows } from "../../ui/Skeleton.tsx";
import { Switch } from "../../ui/Switch.tsx";
import { toast, toastError } from "../../ui/toast.tsx";
import { CategoryDialog, kindLabels } from "./CategoryDialog.tsx";
import { CollectionDialog } from "./CollectionDialog.tsx";
import { adminCategoriesQuery, adminCollectionsQuery, swapped, useStoreFront } from "./store-front.queries.ts";

const report = (error: unknown) => toastError(error);

/** The front page of the store: collections and categories, in the order in which they are shown. */
export function StoreTab() {
  return (
    <div className="scroll-y min-h-0 min-w-0 flex-1">
      <div className="mx-auto w-full max-w-190 px-4 py-5">
        <CollectionList />
        <CategoryList />
      </div>
    </div>
  );
}

function MoveButtons({
  name,
  isFirst,
  isLast,
  onMove,
}: {
  name: string;
  isFirst: boolean;
  isLast: boolean;
  onMove: (step: -1 | 1) => void;
}) {
  return (
    <>
      <IconButton size="sm" label={`Move ${name} up`} disabled={isFirst} onClick={() => onMove(-1)}>
        <ArrowUp size={14} />
      </IconButton>
      <IconButton size="sm" label={`Move ${name} down`} disabled={isLast} onClick={() => onMove(1)}>
        <ArrowDown size={14} />
      </IconButton>
    </>
  );
}

function CollectionList() {
  const list = useQuery(adminCollectionsQuery);
  const { removeCollection, orderCollections } = useStoreFront();
  const [editing, setEditing] = useState<AdminCollection | "new">();
  const [deleting, setDeleting] = useState<AdminCollection>();
  const all = list.data?.items ?? [];
  const order = all.map(({ id }) => id);
  return (
    <SettingsSection title="Collections" hint="Rows on the front page of the store, in this order.">
      {list.isPending ? (
        <SkeletonRows count={3} label="Loading collections…" />
      ) : !list.data ? (
        <LoadFailed className="px-0" title="Couldn't load collections" of={list} />
      ) : all.length === 0 ? (
        <EmptyState className="px-0" title="No collections yet">
          Choose agents, templates and themes that belong together, and visitors of the store see them first.
        </EmptyState>
      ) : (
        <ul role="list" aria-label="Collections" className="divide-y divide-line-0 border-y border-line-0">
          {all.map((collection, index) => (
            <li key={collection.id} className="flex flex-wrap items-center gap-2 py-2.5">
              <div className="min-w-0 flex-1 basis-60 narrow:basis-full">
                <p className="flex flex-wrap items-center gap-2 text-sm font-medium text-fg-0">
                  {collection.title}
                  {collection.is_published ? null : <Pill>Not published</Pill>}
                </p>
                <p className="truncate text-xs text-fg-2">
                  {counted(collection.items.length, "item")}
                  {collection.description ? ` · ${collection.description}` : ""}
                </p>
              </div>
              <MoveButtons
                name={collection.title}
                isFirst={index === 0 || orderCollections.isPending}
                isLast={index === all.length - 1 || orderCollections.isPending}
                onMove={(step) => orderCollections.mutate(swapped(order, collection.id, step), { onError: report })}
              />
              <IconButton size="sm" label={`Edit ${collection.title}`} onClick={() => setEditing(collection)}>
                <Pencil size={14} />
              </IconButton>
              <IconButton size="sm" label={`Delete ${collection.title}`} onClick={() => setDeleting(collection)}>
                <Trash2 size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {list.data ? (
        <Button className="mt-3" icon={<Plus size={14} />} onClick={() => setEditing("new")}>
          New collection
        </Button>
      ) : null}
      {editing ? <CollectionDialog {...(editing !== "new" && { collection: editing })} onClose={() => setEditing(undefined)} /> : null}
      <ConfirmDialog
        isOpen={deleting !== undefined}
        onOpenChange={(isOpen) => !isOpen && setDeleting(undefined)}
        title={`Delete ${deleting?.title ?? ""}?`}
        confirmLabel="Delete collection"
        loadingWord="Deleting…"
        isDanger
        onConfirm={async () => {
          if (deleting) await removeCollection.mutateAsync(deleting.id);
          toast("Collection deleted.");
        }}
      >
        Its items stay in the store. This can't be undone.
      </ConfirmDialog>
    </SettingsSection>
  );
}

function CategoryList() {
  const list = useQuery(adminCategoriesQuery);
  const { updateCategory, orderCategories } = useStoreFront();
  const [editing, setEditing] = useState<AdminCategory | "new">();
  const all = list.data?.items ?? [];
  const order = all.map(({ slug }) => slug);
  return (
    <SettingsSection
      title="Categories"
      hint="Filters of the store, and what creators choose from. Items keep their category when it is renamed or hidden."
    >
      {list.isPending ? (
        <SkeletonRows count={6} label="Loading categories…" />
      ) : !list.data ? (
        <LoadFailed className="px-0" title="Couldn't load categories" of={list} />
      ) : (
        <ul role="list" aria-label="Categories" className="divide-y divide-line-0 border-y border-line-0">
          {all.map((category, index) => (
            <li key={category.slug} className="flex flex-wrap items-center gap-2 py-2">
              <div className="min-w-0 flex-1 basis-60 narrow:basis-full">
                <p className="text-sm font-medium text-fg-0">{category.name}</p>
                <p className="truncate text-xs text-fg-2">
                  {category.item_types.map((type) => kindLabels[type]).join(", ")} · {counted(category.items_count, "item")}
                </p>
              </div>
              <Switch
                isOn={!category.is_hidden}
                isDisabled={updateCategory.isPending}
                label={<span className="sr-only">Show {category.name}</span>}
                onChange={(isShown) => updateCategory.mutate({ slug: category.slug, body: { is_hidden: !isShown } }, { onError: report })}
              />
              <MoveButtons
                name={category.name}
                isFirst={index === 0 || orderCategories.isPending}
                isLast={index === all.length - 1 || orderCategories.isPending}
                onMove={(step) => orderCategories.mutate(swapped(order, category.slug, step), { onError: report })}
              />
              <IconButton size="sm" label={`Edit ${category.name}`} onClick={() => setEditing(category)}>
                <Pencil size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      )}
      {list.data ? (
        <Button className="mt-3" icon={<Plus size={14} />} onClick={() => setEditing("new")}>
          New category
        </Button>
      ) : null}
      {editing ? <CategoryDialog {...(editing !== "new" && { category: editing })} onClose={() => setEditing(undefined)} /> : null}
    </SettingsSection>
  );
}
