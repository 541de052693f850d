using System.Runtime.ExceptionServices;
using Flip.Collectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Collectives;

/// <summary>Ranks as threads of this process: the slow twin of MPI. Sums are taken in the ranks' order, so they are the same on every run.</summary>
internal sealed class ThreadRanks
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly int _world;
    private readonly Dictionary<long, Operation> _operations = [];
    private RankFailedException? _failure;

    private ThreadRanks(int world) => _world = world;

    /// <summary>Runs the same work on so many ranks. The first failure that is not another rank's is thrown.</summary>
    public static T[] Run<T>(int world, Func<ICommunicator, T> work)
    {
        var group = new ThreadRanks(world);
        var results = new T[world];
        var faults = new Exception?[world];
        var threads = Enumerable.Range(0, world).Select(rank => new Thread(() =>
        {
            try
            {
                using var scope = NewDisposeScope();
                using var ranks = new Communicator(group, rank);
                results[rank] = work(ranks);
            }
            catch (Exception e)
            {
                faults[rank] = e;
                group.Fail(rank, e.Message);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        if ((faults.FirstOrDefault(e => e is not null and not RankFailedException) ?? faults.FirstOrDefault(e => e is not null)) is { } fault)
        {
            ExceptionDispatchInfo.Throw(fault);
        }

        return results;
    }

    /// <inheritdoc cref="Run{T}"/>
    public static void Run(int world, Action<ICommunicator> work) => Run(world, ranks =>
    {
        work(ranks);
        return true;
    });

    private void Fail(int rank, string reason)
    {
        lock (_operations)
        {
            _failure ??= new RankFailedException(rank, "this host", reason);
            Monitor.PulseAll(_operations);
        }
    }

    private void Post(long number, int rank, object[] arguments, Action<object[][]> perform)
    {
        lock (_operations)
        {
            if (!_operations.TryGetValue(number, out var operation))
            {
                _operations[number] = operation = new Operation(new object[_world][]);
            }

            operation.Arguments[rank] = arguments;
            if (operation.Arguments.All(given => given is not null))
            {
                using var scope = NewDisposeScope();
                using var noGrad = no_grad();
                perform(operation.Arguments);
                operation.IsDone = true;
                Monitor.PulseAll(_operations);
            }
        }
    }

    private void WaitFor(long number)
    {
        lock (_operations)
        {
            while (!_operations[number].IsDone)
            {
                if (_failure is { } failure)
                {
                    throw new RankFailedException(failure.Rank, "this host", failure.Message);
                }

                if (!Monitor.Wait(_operations, Patience))
                {
                    throw new CollectiveException("The ranks wait for one that does not come.");
                }
            }
        }
    }

    private sealed record Operation(object[][] Arguments)
    {
        public bool IsDone { get; set; }
    }

    private sealed class Communicator(ThreadRanks group, int rank) : ICommunicator
    {
        private long _next;

        public int Rank => rank;

        public int World => group._world;

        public IReadOnlyList<RankPlace> Places { get; } =
            [.. Enumerable.Range(0, group._world).Select(r => new RankPlace(r, "this host", r, group._world))];

        public CollectiveCount Sent { get; private set; }

        public PendingCollective StartSum(Tensor values) => Start(
            CollectiveCount.OfSum(Bytes(values), World),
            [values],
            all => Spread(all, Ranks(all, 0).Aggregate(zeros_like(values), (sum, one) => sum.add_(one))));

        public PendingCollective StartMax(Tensor values) => Start(
            CollectiveCount.OfSum(Bytes(values), World), [values], all => Spread(all, Ranks(all, 0).Aggregate((most, one) => most.maximum(one)).clone()));

        public PendingCollective StartGather(Tensor own, Tensor all, IReadOnlyList<long> counts) => Start(
            CollectiveCount.OfGather(Bytes(own), World),
            [own, all],
            given =>
            {
                var whole = cat([.. Ranks(given, 0)]);
                foreach (var one in Ranks(given, 1))
                {
                    one.copy_(whole);
                }
            });

        public PendingCollective StartScatterSum(Tensor all, Tensor own, IReadOnlyList<long> counts) => Start(
            CollectiveCount.OfScatterSum(Bytes(all), Bytes(own)),
            [all, own],
            given =>
            {
                var sum = Ranks(given, 0).Aggregate(zeros_like(all), (sum, one) => sum.add_(one));
                var first = 0L;
                foreach (var (target, count) in Ranks(given, 1).Zip(counts))
                {
                    target.copy_(sum.narrow(0, first, count));
                    first += count;
                }
            });

        public PendingCollective StartBroadcast(Tensor values, int root = 0) => Start(
            CollectiveCount.OfBroadcast(Bytes(values), World), [values], given => Spread(given, (Tensor)given[root][0]));

        public PendingCollective StartShift(Tensor send, Tensor receive) => Start(
            CollectiveCount.OfShift(Bytes(send)),
            [send, receive],
            given =>
            {
                var sent = Ranks(given, 0).Select(tensor => tensor.clone()).ToList();
                foreach (var (target, i) in Ranks(given, 1).Select((target, i) => (target, i)))
                {
                    target.copy_(sent[(i + 1) % sent.Count]);
                }
            });

        public byte[] Broadcast(ReadOnlySpan<byte> bytes, int root = 0) => Exchange(bytes)[root];

        public byte[][] Exchange(ReadOnlySpan<byte> bytes)
        {
            var result = new byte[World][];
            Start(
                default,
                [bytes.ToArray(), result],
                given =>
                {
                    foreach (var one in given)
                    {
                        given.Select(other => (byte[])other[0]).ToArray().CopyTo((byte[][])one[1], 0);
                    }
                }).Wait();
            return result;
        }

        public void Fail(string reason) => group.Fail(rank, reason);

        public void Dispose()
        {
            // The threads end by themselves.
        }

        private static long Bytes(Tensor tensor) => tensor.numel() * tensor.ElementSize;

        private static IEnumerable<Tensor> Ranks(object[][] given, int argument) => given.Select(one => (Tensor)one[argument]);

        private static void Spread(object[][] given, Tensor result)
        {
            foreach (var one in Ranks(given, 0))
            {
                one.copy_(result);
            }
        }

        private Pending Start(CollectiveCount count, object[] arguments, Action<object[][]> perform)
        {
            if (arguments.OfType<Tensor>().Any(tensor => !tensor.is_contiguous()))
            {
                throw new ArgumentException("A tensor is not contiguous.", nameof(arguments));
            }

            Sent += count;
            group.Post(_next, rank, arguments, perform);
            return new Pending(group, _next++);
        }
    }

    private sealed class Pending(ThreadRanks group, long number) : PendingCollective
    {
        public override void Wait() => group.WaitFor(number);
    }
}
