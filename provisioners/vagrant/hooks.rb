module Hardway
  # LXC machines need two bridges on the host; after a crash of the host they have to be repaired.
  class PrepareNetwork
    def initialize(app, _env)
      @app = app
    end

    def call(env)
      machine = env[:machine]
      if machine.provider_name == :lxc
        require_box(machine)
        heal(machine.env.root_path)
      end
      @app.call(env)
    end

    private

    # Vagrant would look for it on the Internet.
    def require_box(machine)
      return if machine.config.vm.box != Engine::NO_BOX || machine.state.id != :not_created

      raise Failed, 'The box for LXC machines is not built yet. "npm run lab" builds it once, and starts the machines.'
    end

    # Once is enough for all machines of one Vagrant run.
    def heal(folder)
      LOCK.synchronize do
        return if self.class.healed

        said = []
        code = Engine.run(folder, 'lab', 'network') { |line| said << line }
        raise Failed, said.join("\n") unless code.zero?

        self.class.healed = true
      end
    end

    LOCK = Mutex.new
    class << self
      attr_accessor :healed
    end
  end

  # The endpoint and host key of a machine are forgotten before it is destroyed; a failure must not prevent that.
  class ForgetMachine
    SECONDS = 60

    def initialize(app, _env)
      @app = app
    end

    def call(env)
      forget(env[:machine]) unless env[:hardway_forgotten]
      env[:hardway_forgotten] = true
      @app.call(env)
    end

    private

    def forget(machine)
      code = Engine.run(machine.env.root_path, 'node', 'forget', machine.name.to_s, limit: SECONDS) do |line|
        machine.ui.info(line)
      end
      machine.ui.warn("Hardway could not forget #{machine.name} (exit code #{code.inspect})") unless code == 0
    rescue StandardError => e
      machine.ui.warn("Hardway could not forget #{machine.name}: #{e.message}")
    end
  end
end
