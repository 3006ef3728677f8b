# Written by Hardway for every login shell on minion-1.

# Root's kubectl is /etc/kubernetes/kubelet.conf; what somebody has chosen already stays.
if [ -z "${KUBECONFIG-}" ] && [ -r /etc/kubernetes/kubelet.conf ] && [ ! -e ~/.kube/config ]; then
  export KUBECONFIG=/etc/kubernetes/kubelet.conf
fi

# For people only: not for scripts, not again after sudo, not where ~/.hushlogin asks for silence.
case $- in
*i*)
  if [ -t 1 ] && [ -z "${SUDO_USER-}" ] && [ ! -e ~/.hushlogin ]; then
    (
      . /etc/os-release
      kubernetes=$(/usr/local/bin/kubelet --version 2>/dev/null | cut -d ' ' -f 2)
      runtime=$(/usr/local/bin/containerd --version 2>/dev/null | cut -d ' ' -f 3)
      printf '%s\n' \
        "cluster     lab" \
        "machine     minion-1 (minion), 192.168.56.101" \
        "system      $PRETTY_NAME" \
        "runtime     containerd ${runtime:-is not there yet}" \
        "kubernetes  ${kubernetes:-is not there yet}"
    )
  fi
  ;;
esac
