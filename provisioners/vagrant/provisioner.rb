module Hardway
  # Tells the engine where this machine is, and lets it converge whatever is there. Never asks another machine for
  # its SSH data: Vagrant locks each of them.
  class Provisioner < Vagrant.plugin('2', :provisioner)
    DONE = 0
    OTHERS_ARE_NOT_UP_YET = 3

    def provision
      code = Engine.run(@machine.env.root_path, 'up', '--from-vagrant', @machine.name.to_s, input: endpoint) do |line|
        @machine.ui.info(line)
      end
      return if [DONE, OTHERS_ARE_NOT_UP_YET].include?(code)

      raise Failed, "Hardway could not finish (exit code #{code.inspect}); the lines above say why."
    end

    private

    def endpoint
      ssh = @machine.ssh_info
      {
        name: @machine.name,
        host: ssh[:host],
        port: ssh[:port],
        user: ssh[:username],
        keys: ssh[:private_key_path],
        provider: @machine.provider_name
      }
    end
  end
end
