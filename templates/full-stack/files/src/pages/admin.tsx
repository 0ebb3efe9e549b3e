import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Alert, AlertDescription } from "@/components/ui/alert";
import { Button } from "@/components/ui/button";
import { Table, TableBody, TableCell, TableHead, TableHeader, TableRow } from "@/components/ui/table";
import { api, bodyOf, requireOk } from "@/lib/client";
import { useUser } from "@/lib/session";

/** All users, with their roles. */
export default function Admin() {
  const me = useUser();
  const queries = useQueryClient();
  const users = useQuery({ queryKey: ["users"], queryFn: async () => bodyOf(await api.admin.users.$get()) });
  const change = useMutation({
    mutationFn: async ({ id, role }: { id: string; role: "user" | "admin" }) =>
      requireOk(await api.admin.users[":id"].$patch({ param: { id }, json: { role } })),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["users"] }),
  });
  const error = change.error ?? users.error;

  return (
    <div className="flex flex-col gap-6">
      <h1 className="text-2xl font-semibold">Users</h1>
      {error && (
        <Alert variant="destructive">
          <AlertDescription>{error.message}</AlertDescription>
        </Alert>
      )}
      {users.isPending && <p className="text-sm text-muted-foreground">Loading…</p>}
      {users.data && (
        <Table aria-label="Users">
          <TableHeader>
            <TableRow>
              <TableHead>Email</TableHead>
              <TableHead>Role</TableHead>
              <TableHead>Notes</TableHead>
              <TableHead>Files</TableHead>
              <TableHead>
                <span className="sr-only">Actions</span>
              </TableHead>
            </TableRow>
          </TableHeader>
          <TableBody>
            {users.data.items.map(({ id, email, role, notes, files }) => (
              <TableRow key={id}>
                <TableCell>{email}</TableCell>
                <TableCell>{role === "admin" ? "Admin" : "User"}</TableCell>
                <TableCell>{notes}</TableCell>
                <TableCell>{files}</TableCell>
                <TableCell className="text-right">
                  {id !== me?.id && (
                    <Button variant="outline" size="sm" onClick={() => change.mutate({ id, role: role === "admin" ? "user" : "admin" })}>
                      {role === "admin" ? "Remove admin access" : "Make admin"}
                    </Button>
                  )}
                </TableCell>
              </TableRow>
            ))}
          </TableBody>
        </Table>
      )}
    </div>
  );
}
