import { asOrdinaryUser, noOrdinaryUserHere, ordinaryUid } from "@tesslate/testkit/ordinary-user";
import { describeRuntimeDriver } from "../conformance.ts";
import { describeEscapes } from "../escapes.ts";
import { openAs } from "./ordinary-user.fixture.ts";
import { unavailableHere } from "./availability.ts";

const skip = unavailableHere() ?? noOrdinaryUserHere();
const openAsOrdinaryUser = openAs({ uid: ordinaryUid, become: asOrdinaryUser });

describeRuntimeDriver("sandbox of an ordinary user", openAsOrdinaryUser, { skip });
describeEscapes("sandbox of an ordinary user", openAsOrdinaryUser, { skip });
