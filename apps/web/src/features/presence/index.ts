export { FilePeople } from "./FilePeople.tsx";
export { PresenceProvider } from "./PresenceProvider.tsx";
export { PresentPeople } from "./PresentPeople.tsx";
