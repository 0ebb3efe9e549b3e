import { Avatar } from "../../ui/Avatar.tsx";
import { nameWithRole, usePeopleAt } from "./presence-context.ts";

/** Small pictures of the others who have a file open. */
export function FilePeople({ path }: { path: string }) {
  const people = usePeopleAt(path);
  if (people.length === 0) return null;
  const names = `Also open by ${people.map(nameWithRole).join("; ")}`;
  return (
    <span title={names} className="flex flex-none">
      <span className="sr-only">{names}</span>
      <span aria-hidden="true" className="flex -space-x-1">
        {people.map(({ user_id, name, avatar_url }) => (
          <Avatar key={user_id} name={name} url={avatar_url} tone="info" className="size-4! text-[8px]!" />
        ))}
      </span>
    </span>
  );
}
