package resource

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"strconv"
	"time"

	"github.com/tagwarden/tagwarden/internal/need"
	"github.com/tagwarden/tagwarden/internal/span"
)

// Metrics is where CloudWatch keeps what it measures of a type, with one
// dimension for each metric: that whose value is the resource's id.
type Metrics struct {
	Namespace string // AWS/EC2
	Dimension string // InstanceId
	// Names are the metrics that AWS documents. There may be others: AWS adds
	// some, and no name is refused for not being here.
	Names []string
	// Since returns from when on one has been measured without a break, and an
	// error, a sentence without a full stop, where it is not measured at present
	// or that is not known. Nil where AWS does not tell it of the type.
	Since func(Resource) (time.Time, error)
	// Began says what happened then: "last started".
	Began string
}

// ErrNoData is what a metric of which CloudWatch has nothing could not be read
// for. Nothing is not zero: what never reported is not idle.
var ErrNoData = errors.New("CloudWatch has no data of it for that time")

// Measured is what was read of a metric.
func (b *Base) Measured(m need.Metric) Lazy[float64] { return b.Measures[m] }

// SetMeasured sets it once it was read, or could not be. Snapshots that share
// a map keep their own.
func (b *Base) SetMeasured(m need.Metric, l Lazy[float64]) {
	own := maps.Clone(b.Measures)
	if own == nil {
		own = map[need.Metric]Lazy[float64]{}
	}
	own[m] = l
	b.Measures = own
}

// Measure returns the value of a metric. The error is a *MissingFact where it
// was not fetched and an *UnreadFact where it could not be read. It is another
// one, without any call, where the resource has not been measured for as long:
// the average of three days says nothing about fourteen.
func Measure(r Resource, m need.Metric, now time.Time) (float64, error) {
	s, ok := SchemaOf(KindOf(r))
	if !ok || s.Metrics == nil {
		return 0, fmt.Errorf("CloudWatch measures nothing of resources of type %s", r.Ref().Type)
	}
	if s.Metrics.Since != nil {
		began, err := s.Metrics.Since(r)
		if err != nil {
			return 0, fmt.Errorf("%s cannot be told: %w", m, err)
		}
		if age := now.Sub(began); age < m.Over {
			return 0, fmt.Errorf("%s cannot be told: it was %s only %s ago", m, s.Metrics.Began, span.Format(age.Truncate(time.Minute)))
		}
	}
	return r.Measured(m).Get(m.Fact())
}

// MeasureText is the value of a metric for people: four digits, and of large
// numbers every whole one.
func MeasureText(v float64) string {
	if math.Abs(v) >= 1000 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// instanceMetrics are from "CloudWatch metrics that are available for your
// instances" in the EC2 user guide. A stopped instance reports nothing.
var instanceMetrics = &Metrics{
	Namespace: "AWS/EC2", Dimension: "InstanceId", Began: "last started",
	Names: []string{
		"CPUUtilization", "DiskReadOps", "DiskWriteOps", "DiskReadBytes", "DiskWriteBytes",
		"NetworkIn", "NetworkOut", "NetworkPacketsIn", "NetworkPacketsOut", "MetadataNoToken", "MetadataNoTokenRejected",
		"CPUCreditUsage", "CPUCreditBalance", "CPUSurplusCreditBalance", "CPUSurplusCreditsCharged",
		"EBSReadOps", "EBSWriteOps", "EBSReadBytes", "EBSWriteBytes", "EBSIOBalance%", "EBSByteBalance%",
		"StatusCheckFailed", "StatusCheckFailed_Instance", "StatusCheckFailed_System", "StatusCheckFailed_AttachedEBS",
	},
	Since: func(r Resource) (time.Time, error) {
		i := r.(*Instance)
		if i.State != "running" {
			return time.Time{}, fmt.Errorf("it is %s, and reports only while it runs", cmp.Or(i.State, "not running"))
		}
		return knownTime(i.LaunchedAt, "its last start")
	},
}

// volumeMetrics are from "Amazon CloudWatch metrics for Amazon EBS". A volume
// reports only while it is attached to an instance that runs, but since when it
// is attached is not among what is read of it: a gap in the time is not seen.
var volumeMetrics = &Metrics{
	Namespace: "AWS/EBS", Dimension: "VolumeId", Began: "created",
	Names: []string{
		"VolumeReadBytes", "VolumeWriteBytes", "VolumeReadOps", "VolumeWriteOps", "VolumeTotalReadTime", "VolumeTotalWriteTime",
		"VolumeIdleTime", "VolumeQueueLength", "VolumeThroughputPercentage", "VolumeConsumedReadWriteOps", "BurstBalance",
		"VolumeStalledIOCheck", "VolumeAvgReadLatency", "VolumeAvgWriteLatency", "VolumeIOPSExceededCheck", "VolumeThroughputExceededCheck",
	},
	Since: func(r Resource) (time.Time, error) {
		v := r.(*Volume)
		if !v.Attached() {
			return time.Time{}, errors.New("it is not attached, and reports only while it is")
		}
		return knownTime(v.CreatedAt, "its creation")
	},
}

// functionMetrics are from "Types of metrics for Lambda functions" in the Lambda
// developer guide. A function that is not called reports nothing, and when it
// was created Lambda does not tell.
var functionMetrics = &Metrics{
	Namespace: "AWS/Lambda", Dimension: "FunctionName",
	Names: []string{
		"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions", "DeadLetterErrors", "IteratorAge", "AsyncEventsReceived", "AsyncEventAge", "AsyncEventsDropped",
	},
}

// tableMetrics are from "DynamoDB Metrics and dimensions" in the DynamoDB
// developer guide: those that have no dimension but the table.
var tableMetrics = &Metrics{
	Namespace: "AWS/DynamoDB", Dimension: "TableName", Began: "created",
	Names: []string{
		"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits", "ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits",
		"ReadThrottleEvents", "WriteThrottleEvents", "TimeToLiveDeletedItemCount",
	},
	Since: func(r Resource) (time.Time, error) { return knownTime(r.(*Table).CreatedAt, "its creation") },
}

// knownTime is a time that must be known.
func knownTime(t time.Time, what string) (time.Time, error) {
	if t.IsZero() {
		return t, fmt.Errorf("%s is not known", what)
	}
	return t, nil
}
