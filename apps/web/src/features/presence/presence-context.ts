import type { PresentPerson } from "@tesslate/contract";
import { createContext, use, useMemo } from "react";

/** The others who have the project open, without the person who looks. Empty outside of a workbench. */
export const PresenceContext = createContext<readonly PresentPerson[]>([]);
export const usePresentPeople = (): readonly PresentPerson[] => use(PresenceContext);

/** Those who have this file open. */
export function usePeopleAt(path: string): readonly PresentPerson[] {
  const people = usePresentPeople();
  return useMemo(() => people.filter(({ file }) => file === path), [people, path]);
}

/** "Rita Root, administrator" */
export const nameWithRole = ({ name, is_administrator: isAdministrator }: PresentPerson): string =>
  isAdministrator ? `${name}, administrator` : name;
