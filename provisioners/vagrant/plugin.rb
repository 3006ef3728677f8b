require_relative 'engine'

module Hardway
  class Plugin < Vagrant.plugin('2')
    name 'hardway'
    description 'Makes the machines of cluster.json a Kubernetes cluster.'

    config(:hardway, :provisioner) do
      require_relative 'config'
      Config
    end

    provisioner(:hardway) do
      require_relative 'provisioner'
      Provisioner
    end

    %i[up reload resume].each do |action|
      action_hook(:hardway_network, :"machine_action_#{action}") do |hook|
        require_relative 'hooks'
        hook.prepend(PrepareNetwork)
      end
    end

    # Both lie behind the question "are you sure?"; which of them comes first is the provider's affair.
    action_hook(:hardway_leave, :machine_action_destroy) do |hook|
      require_relative 'hooks'
      hook.before(Vagrant::Action::Builtin::ConfigValidate, LeaveCluster)
      hook.before(Vagrant::Action::Builtin::ProvisionerCleanup, LeaveCluster)
    end
  end
end
