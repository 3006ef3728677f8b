import { type Script, sh } from '../src/connection/quote.ts';

/** By their names: patterns of awk. */
interface Chains {
  readonly named: string;
  readonly except: string;
}

/** The kubelet's own. */
export const KUBELETS = ['KUBE-FIREWALL', 'KUBE-KUBELET-CANARY', 'KUBE-IPTABLES-HINT'];

/** kube-router has chains, too. */
export const proxyChains: Chains = {
  named: '^KUBE-',
  except: `^(${KUBELETS.join('|')}|KUBE-(ROUTER|POD-FW|NWPLCY)-.*)$`,
};

export const allChains: Chains = { named: '^((KUBE|FLANNEL)-|CILIUM_|cali-)', except: '^$' };

/**
 * Takes these chains away, with the rules that lead there; what others have in the same tables stays. By nft: today's
 * iptables keeps its tables there.
 */
export const clear = ({
  named,
  except,
}: Chains): Script => sh`for family in ip ip6; do for table in mangle filter nat; do
  nft -a list table $family $table 2>/dev/null |
  awk -v table="$family $table" -v named=${named} -v except=${except} '
    function ours(name) { return name ~ named && name !~ except }
    $1 == "chain" {
      chain = $2
      if (ours(chain)) { print "flush chain", table, chain; ends = ends "delete chain " table " " chain "\\n" }
    }
    !ours(chain) && match($0, / jump [^ ]+/) && ours(substr($0, RSTART + 6, RLENGTH - 6)) {
      print "delete rule", table, chain, "handle", $NF
    }
    END { printf "%s", ends }' | nft -f -
done; done`;
