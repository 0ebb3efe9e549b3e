import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useId, useRef, type FormEvent } from "react";
import { Alert, AlertDescription } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { api, bodyOf, requireOk } from "@/lib/client";

const sizes = new Intl.NumberFormat(undefined, { style: "unit", unit: "kilobyte", maximumFractionDigits: 1 });

/** Uploads of the signed-in user. */
export default function Files() {
  const id = useId();
  const form = useRef<HTMLFormElement>(null);
  const queries = useQueryClient();
  const files = useQuery({ queryKey: ["files"], queryFn: async () => (await bodyOf(await api.files.$get())).items });
  const refresh = () => queries.invalidateQueries({ queryKey: ["files"] });
  const upload = useMutation({
    mutationFn: async (file: File) => requireOk(await api.files.$post({ form: { file } })),
    onSuccess: () => {
      form.current?.reset();
      return refresh();
    },
  });
  const remove = useMutation({
    mutationFn: async (fileId: string) => requireOk(await api.files[":id"].$delete({ param: { id: fileId } })),
    onSuccess: refresh,
  });
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const file = new FormData(event.currentTarget).get("file");
    if (file instanceof File) upload.mutate(file);
  };
  const error = upload.error ?? remove.error ?? files.error;

  return (
    <div className="flex flex-col gap-6">
      <h1 className="text-2xl font-semibold">Files</h1>
      <form ref={form} className="flex flex-col gap-2" onSubmit={submit}>
        <Label htmlFor={id}>Upload a file of at most 5 MB</Label>
        <div className="flex flex-wrap gap-2">
          <Input id={id} type="file" name="file" required className="h-auto flex-1 py-1.5" />
          <Button type="submit" disabled={upload.isPending}>
            Upload
          </Button>
        </div>
      </form>
      {error && (
        <Alert variant="destructive">
          <AlertDescription>{error.message}</AlertDescription>
        </Alert>
      )}
      {files.isPending ? (
        <p className="text-sm text-muted-foreground">Loading…</p>
      ) : files.data?.length === 0 ? (
        <p className="text-sm text-muted-foreground">No files yet. Upload the first one above.</p>
      ) : (
        <Table aria-label="Files">
          <TableHeader>
            <TableRow>
              <TableHead>Name</TableHead>
              <TableHead>Size</TableHead>
              <TableHead>
                <span className="sr-only">Actions</span>
              </TableHead>
            </TableRow>
          </TableHeader>
          <TableBody>
            {files.data?.map((file) => (
              <TableRow key={file.id}>
                <TableCell>
                  <a href={`/api/files/${file.id}`} className="underline underline-offset-4" download>
                    {file.name}
                  </a>
                </TableCell>
                <TableCell className="whitespace-nowrap">{sizes.format(file.size / 1000)}</TableCell>
                <TableCell className="text-right">
                  <Button variant="ghost" size="icon" aria-label={`Delete ${file.name}`} onClick={() => remove.mutate(file.id)}>
                    <Trash2 aria-hidden />
                  </Button>
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </div>
  );
}
