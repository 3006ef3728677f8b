# Written by Hardway for every login shell on master.

# Root's kubectl is /etc/kubernetes/admin.conf; what somebody has chosen already stays.
if [ -z "${KUBECONFIG-}" ] && [ -r /etc/kubernetes/admin.conf ] && [ ! -e ~/.kube/config ]; then
  export KUBECONFIG=/etc/kubernetes/admin.conf
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
        "machine     master (etcd, master), 192.168.56.11" \
        "system      $PRETTY_NAME" \
        "runtime     containerd ${runtime:-is not there yet}" \
        "kubernetes  ${kubernetes:-is not there yet}"
    )
  fi
  ;;
esac
