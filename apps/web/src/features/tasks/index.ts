export { OperationsButton } from "./OperationsButton.tsx";
