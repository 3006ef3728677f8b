require 'json'
require 'open3'
require 'timeout'

module Hardway
  class Failed < Vagrant::Errors::VagrantError
    def initialize(message)
      @words = message
      super
    end

    def error_message = @words
  end

  # The TypeScript engine, called in the folder of the cluster.
  module Engine
    NO_BOX = 'hardway/not-built-yet'.freeze
    BOOTSTRAP = File.expand_path('../../src/bootstrap.mjs', __dir__)

    # What the Vagrantfile has to know.
    def self.machines(folder)
      output, errors, status = within { Open3.capture3(*command('machines', '--json'), chdir: folder.to_s) }
      raise Failed, utf8(errors.strip.empty? ? output : errors) unless status.success?

      JSON.parse(utf8(output))
    end

    # Feeds one JSON document, yields each line of output, returns the exit code. Ends the engine after so many seconds.
    def self.run(folder, *words, input: nil, limit: nil, &line)
      within do
        Open3.popen2e(*command(*words), chdir: folder.to_s) do |stdin, output, process|
          stdin.write(JSON.generate(input)) if input
          stdin.close
          begin
            Timeout.timeout(limit) { output.each_line { |text| line&.call(utf8(text).chomp) } }
          rescue Timeout::Error
            Process.kill('KILL', process.pid)
          end
          process.value.exitstatus
        end
      end
    end

    # Node writes UTF-8 whatever the locale; without one Ruby would take it for ASCII.
    def self.utf8(text) = text.dup.force_encoding(Encoding::UTF_8).scrub

    def self.command(*words) = ['node', BOOTSTRAP, *words]

    # Vagrant's own packages bring libraries that must not reach other programs.
    def self.within(&block)
      Vagrant::Util::Env.with_original_env(&block)
    rescue Errno::ENOENT
      raise Failed, 'Hardway needs Node.js 20.19 or newer, and there is no command "node" here.'
    end
    private_class_method :utf8, :command, :within
  end
end
