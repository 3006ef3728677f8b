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

  # A machine leaves the cluster before it is destroyed; a failure, or a dead cluster, must not prevent that.
  class LeaveCluster
    SECONDS = 60

    def initialize(app, _env)
      @app = app
    end

    def call(env)
      leave(env[:machine]) unless env[:hardway_left]
      env[:hardway_left] = true
      @app.call(env)
    end

    private

    def leave(machine)
      [%w[remove --quiet --destroying], %w[forget]].each { |words| engine(machine, 'node', *words, machine.name.to_s) }
    end

    def engine(machine, *words)
      code = Engine.run(machine.env.root_path, *words, limit: SECONDS) { |line| machine.ui.info(line) }
      machine.ui.warn("hardway #{words.join(' ')} failed (exit code #{code.inspect})") unless code == 0
    rescue StandardError => e
      machine.ui.warn("hardway #{words.join(' ')} failed: #{e.message}")
    end
  end
end
