using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Devices;
using Flip.Tasks.Diagnostics;

namespace Flip.Cli.Commands.Bench;

/// <summary><c>flip bench loss</c>: time and memory of the loss alone, on one process or on ranks.</summary>
internal static class BenchLossCommand
{
    private const int LargestBatch = 1 << 24;
    private const int LargestDim = 1 << 16;
    private const int MostRounds = 1000;

    public static Command Create(CommandRanks ranks)
    {
        var batch = new Option<int>("--batch") { Description = "Pairs of the batch, of all ranks together.", DefaultValueFactory = _ => 32768 };
        var dim = new Option<int>("--dim") { Description = "Width of the embeddings.", DefaultValueFactory = _ => 512 };
        var loss = new Option<LossKind>("--loss") { Description = "InfoNce or Sigmoid.", DefaultValueFactory = _ => LossKind.InfoNce };
        var texts = new Option<TextExchange>("--texts") { Description = "Gather or Ring, as train.textExchange.", DefaultValueFactory = _ => TextExchange.Gather };
        var chunk = new Option<int>("--chunk") { Description = "Rows of the logits at a time, as train.lossChunk; 0 chooses.", DefaultValueFactory = _ => 0 };
        var rounds = new Option<int>("--steps") { Description = "How often it is timed.", DefaultValueFactory = _ => 3 };
        var device = new Option<string>("--device") { Description = "auto, cpu, cuda or cuda:N.", DefaultValueFactory = _ => Compute.Auto };
        var json = new Option<bool>("--json") { Description = "Print JSON." };
        var command = new Command("loss", "Time the contrastive loss with its gradients alone, on embeddings of chance, and say the memory that it takes; under mpirun or srun shared by the ranks.")
        {
            batch, dim, loss, texts, chunk, rounds, device, json,
        };
        ranks.Share(command);
        command.SetAction(result =>
        {
            int Number(Option<int> option, int least, int most) => result.GetValue(option) is var number && number >= least && number <= most
                ? number
                : throw new ConfigException($"{option.Name} {number}: must be at least {least} and at most {most}.");
            var train = new TrainConfig
            {
                BatchSize = Number(batch, ranks.All.World, LargestBatch),
                Loss = result.GetValue(loss),
                TextExchange = result.GetValue(texts),
                LossChunk = Number(chunk, 0, LargestBatch),
                Device = result.GetValue(device)!,
            };
            var config = new FlipConfig { Model = new ModelConfig { EmbedDim = Number(dim, 1, LargestDim) }, Train = train };
            var count = Number(rounds, 1, MostRounds);
            var compute = Compute.Of(train);
            RankDevices.Check(ranks.All, compute.Device);
            var time = new LossTimes(config, ranks.All, compute.Device).Measure(count);
            Console.Write(result.GetValue(json) ? JsonSerializer.Serialize(time, JsonOutput.Options) + "\n" : Text(train, config.Model.EmbedDim, ranks.All.World, time));
        });
        return command;
    }

    private static string Text(TrainConfig train, int dim, int world, LossTime time) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        | loss | batch | dim | ranks | texts | s | MB a rank | MB by arithmetic | MB sent by a rank | value |
        |---|---:|---:|---:|---|---:|---:|---:|---:|---:|
        | {train.Loss} | {train.BatchSize} | {dim} | {world} | {(world == 1 ? "own" : train.TextExchange)} | {time.Seconds:0.00} | {time.Bytes / 1e6:0} | {time.ExpectedBytes / 1e6:0} | {time.SentBytes / 1e6:0.0} | {time.Loss:0.0000} |

        """);
}
