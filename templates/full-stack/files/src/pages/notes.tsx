import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useId, useState } from "react";
import { Alert, AlertDescription } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { api, bodyOf, requireOk } from "@/lib/client";

/** The notes of the signed-in user. */
export default function Notes() {
  const id = useId();
  const queries = useQueryClient();
  const [text, setText] = useState("");
  const notes = useQuery({ queryKey: ["notes"], queryFn: async () => (await bodyOf(await api.notes.$get())).items });
  const refresh = () => queries.invalidateQueries({ queryKey: ["notes"] });
  const add = useMutation({
    mutationFn: async (value: string) => requireOk(await api.notes.$post({ json: { text: value } })),
    onSuccess: () => {
      setText("");
      return refresh();
    },
  });
  const remove = useMutation({
    mutationFn: async (noteId: string) => requireOk(await api.notes[":id"].$delete({ param: { id: noteId } })),
    onSuccess: refresh,
  });
  const error = add.error ?? remove.error ?? notes.error;

  return (
    <div className="flex flex-col gap-6">
      <h1 className="text-2xl font-semibold">Notes</h1>
      <form
        className="flex flex-col gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate(text);
        }}
      >
        <Label htmlFor={id}>New note</Label>
        <div className="flex gap-2">
          <Input id={id} value={text} onChange={(event) => setText(event.target.value)} required maxLength={2000} />
          <Button type="submit" disabled={add.isPending}>
            Add note
          </Button>
        </div>
      </form>
      {error && (
        <Alert variant="destructive">
          <AlertDescription>{error.message}</AlertDescription>
        </Alert>
      )}
      {notes.isPending ? (
        <p className="text-sm text-muted-foreground">Loading…</p>
      ) : notes.data?.length === 0 ? (
        <p className="text-sm text-muted-foreground">No notes yet. Write the first one above.</p>
      ) : (
        <ul className="divide-y rounded-xl border" aria-label="Notes">
          {notes.data?.map((note) => (
            <li key={note.id} className="flex items-center gap-3 py-2 pr-2 pl-4">
              <span className="min-w-0 flex-1 break-words">{note.text}</span>
              <Button variant="ghost" size="icon" aria-label={`Delete note “${note.text}”`} onClick={() => remove.mutate(note.id)}>
                <Trash2 aria-hidden />
              </Button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
