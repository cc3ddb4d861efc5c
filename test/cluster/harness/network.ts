import { start } from "./processes.ts";
import { run } from "./run.ts";
import type { Sandbox } from "./sandbox.ts";

/** Addresses inside the sandbox; they exist nowhere else, so every run has the same ones. */
export const network = {
  node: "10.200.0.2",
  gateway: "10.88.0.1",
  pods: "10.88.0.0/16",
  services: "10.96.0.0/16",
  apiService: "10.96.0.1",
  postgresHost: "postgres.test",
} as const;

/** Bridges, because a kernel without the `dummy` module still has them. */
const links = [
  "link set lo up",
  "link add node0 type bridge",
  `addr add ${network.node}/24 dev node0`,
  "link set node0 up",
  // nobody is there: but connect() to a service address needs a route before its target is rewritten
  "route add default via 10.200.0.1",
  // CNI would make it with the first pod; PostgreSQL and DNS want its address before
  "link add cni0 address 0a:58:0a:58:00:01 type bridge",
  `addr add ${network.gateway}/16 dev cni0`,
  "link set cni0 up",
];

/** A node with addresses, DNS for pods, and no way out. */
export async function createNetwork(sandbox: Sandbox): Promise<void> {
  await run([...sandbox.enter, "ip", "-batch", "-"], { input: `${links.join("\n")}\n` });
  await run([...sandbox.enter, "sysctl", "-qw", "net.ipv4.ip_forward=1"]);
  start(sandbox, "dnsmasq", [
    ...["dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--no-daemon", "--user=root", "--pid-file="],
    ...["--bind-interfaces", `--listen-address=${network.gateway}`],
    `--address=/${network.postgresHost}/${network.gateway}`,
    `--address=/kubernetes.default.svc.cluster.local/${network.apiService}`,
    // every other name does not exist, instead of "try again"
    "--address=/#/",
  ]);
}
