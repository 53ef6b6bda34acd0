// Creates, lists and completes a task with the TypeScript SDK's client, over the transport that is given:
// a URL for streamable HTTP, else a command for stdio. Prints what was answered, as JSON.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import {
  ElicitRequestSchema,
  ResourceUpdatedNotificationSchema,
} from "@modelcontextprotocol/sdk/types.js";

const [target, ...args] = process.argv.slice(2);
const transport = target.startsWith("http")
  ? new StreamableHTTPClientTransport(new URL(target))
  : new StdioClientTransport({ command: target, args, env: process.env, stderr: "inherit" });
const client = new Client({ name: "interop", version: "1" }, { capabilities: { elicitation: {} } });
const asked = [];
client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
  asked.push(params.message);
  return { action: "accept", content: { task: "1" } };
});
const updated = new Promise((resolve) =>
  client.setNotificationHandler(ResourceUpdatedNotificationSchema, ({ params }) => resolve(params.uri)),
);
await client.connect(transport);
const call = async (name, given) => (await client.callTool({ name, arguments: given })).structuredContent;
const { tools } = await client.listTools();
await client.subscribeResource({ uri: "tasks://open" });
await call("create_task", { title: "call the dentist", due: "tomorrow" });
await call("create_task", { title: "pay the dentist" });
const told = await updated;
const done = await call("complete_task", { task: "dentist" });
const listed = await call("list_tasks", {});
const { contents } = await client.readResource({ uri: "tasks://open" });
const read = JSON.parse(contents[0].text);
const { completion } = await client.complete({
  ref: { type: "ref/resource", uri: "tasks://{id}" },
  argument: { name: "id", value: "pay" },
});
console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), asked, told, done, listed, read, completion }));
await client.close();
